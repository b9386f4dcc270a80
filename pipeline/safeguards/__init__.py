"""What stands between a trigger and the work: each safeguard is one module, given its parts by constructor.

None of them knows another; a composition puts them in an order and may leave any out.
"""
