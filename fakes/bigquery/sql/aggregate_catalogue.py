# ruff: noqa: E501 - one signature a line
"""The aggregate and window functions of GoogleSQL that are one DuckDB expression; the notation is in `signatures.py`."""

from __future__ import annotations

AGGREGATE = r"""
COUNT(T) INT64 = count({d}{0}) {over}
COUNTIF(BOOL) INT64 = CAST(count({d}CASE WHEN {0} THEN 1 END) {over} AS BIGINT)
SUM(INT64) INT64 = CAST(sum({d}{0}) {over} AS BIGINT)
SUM(NUMERIC) NUMERIC = CAST(sum({d}{0}) {over} AS DECIMAL(38,9))
SUM(BIGNUMERIC) BIGNUMERIC = CAST(sum({d}{0}) {over} AS DECIMAL(38,18))
SUM(FLOAT64) FLOAT64 = sum({d}{0}) {over}
AVG(INT64) FLOAT64 = avg({d}{0}) {over}
AVG(NUMERIC) NUMERIC = wt_numeric_divide(CAST(sum({d}{0}) {over} AS DECIMAL(38,9)), CAST(nullif(count({d}{0}) {over}, 0) AS DECIMAL(38,9)))
AVG(BIGNUMERIC) BIGNUMERIC = wt_bignumeric_quotient(CAST(sum({d}{0}) {over} AS DECIMAL(38,18)), CAST(nullif(count({d}{0}) {over}, 0) AS DECIMAL(38,18)))
AVG(FLOAT64) FLOAT64 = avg({d}{0}) {over}
MIN(FLOAT64) FLOAT64 = CASE WHEN bool_or(isnan({0})) {over} THEN 'nan'::DOUBLE ELSE min({0}) {over} END
MAX(FLOAT64) FLOAT64 = CASE WHEN bool_or(isnan({0})) {over} THEN 'nan'::DOUBLE ELSE max({0}) {over} END
MIN(T) T = min({0}) {over}
MAX(T) T = max({0}) {over}
ANY_VALUE(T) T = wt_first({d}{0}{o}) {over}
ARRAY_CONCAT_AGG(ARRAY<T>) ARRAY<T> = flatten(array_agg({0}{o}) FILTER (WHERE {0} IS NOT NULL) {over})
STRING_AGG(STRING) STRING = string_agg({d}{0}, ','{o}) {over}
STRING_AGG(STRING, STRING) STRING = string_agg({d}{0}, {1}{o}) {over}
LOGICAL_AND(BOOL) BOOL = bool_and({0}) {over}
LOGICAL_OR(BOOL) BOOL = bool_or({0}) {over}
BIT_AND(BYTES) BYTES = error('unsupported by the emulator: BIT_AND of BYTES')
BIT_OR(BYTES) BYTES = error('unsupported by the emulator: BIT_OR of BYTES')
BIT_XOR(BYTES) BYTES = error('unsupported by the emulator: BIT_XOR of BYTES')
BIT_AND(INT64) INT64 = bit_and({0}) {over}
BIT_OR(INT64) INT64 = bit_or({0}) {over}
BIT_XOR(INT64) INT64 = bit_xor({d}{0}) {over}
MAX_BY(T, INT64) T = arg_max({0}, {1}) {over}
MAX_BY(T, FLOAT64) T = arg_max({0}, {1}) {over}
MAX_BY(T, NUMERIC) T = arg_max({0}, {1}) {over}
MAX_BY(T, STRING) T = arg_max({0}, {1}) {over}
MAX_BY(T, DATE) T = arg_max({0}, {1}) {over}
MAX_BY(T, DATETIME) T = arg_max({0}, {1}) {over}
MAX_BY(T, TIMESTAMP) T = arg_max({0}, {1}) {over}
MIN_BY(T, INT64) T = arg_min({0}, {1}) {over}
MIN_BY(T, FLOAT64) T = arg_min({0}, {1}) {over}
MIN_BY(T, NUMERIC) T = arg_min({0}, {1}) {over}
MIN_BY(T, STRING) T = arg_min({0}, {1}) {over}
MIN_BY(T, DATE) T = arg_min({0}, {1}) {over}
MIN_BY(T, DATETIME) T = arg_min({0}, {1}) {over}
MIN_BY(T, TIMESTAMP) T = arg_min({0}, {1}) {over}
STDDEV(FLOAT64) FLOAT64 = stddev_samp({d}{0}) {over}
STDDEV_SAMP(FLOAT64) FLOAT64 = stddev_samp({d}{0}) {over}
STDDEV_POP(FLOAT64) FLOAT64 = stddev_pop({d}{0}) {over}
VARIANCE(FLOAT64) FLOAT64 = var_samp({d}{0}) {over}
VAR_SAMP(FLOAT64) FLOAT64 = var_samp({d}{0}) {over}
VAR_POP(FLOAT64) FLOAT64 = var_pop({d}{0}) {over}
CORR(FLOAT64, FLOAT64) FLOAT64 = wt_nan_null(corr({0}, {1}) {over})
COVAR_POP(FLOAT64, FLOAT64) FLOAT64 = covar_pop({0}, {1}) {over}
COVAR_SAMP(FLOAT64, FLOAT64) FLOAT64 = covar_samp({0}, {1}) {over}
APPROX_COUNT_DISTINCT(T) INT64 = count(DISTINCT {0}) {over}
APPROX_QUANTILES(T, INT64) ARRAY<T> = wt_quantiles(list({d}{0}{o}) {over}, {1})
GROUPING(T) INT64 = CAST(grouping({0}) AS BIGINT)
"""

WINDOW = r"""
ROW_NUMBER() INT64 = row_number() {over}
RANK() INT64 = rank() {over}
DENSE_RANK() INT64 = dense_rank() {over}
PERCENT_RANK() FLOAT64 = percent_rank() {over}
CUME_DIST() FLOAT64 = cume_dist() {over}
NTILE(INT64) INT64 = ntile({0}) {over}
LAG(T) T = lag({0}) {over}
LAG(T, INT64) T = lag({0}, {1}) {over}
LAG(T, INT64, T) T = lag({0}, {1}, {2}) {over}
LEAD(T) T = lead({0}) {over}
LEAD(T, INT64) T = lead({0}, {1}) {over}
LEAD(T, INT64, T) T = lead({0}, {1}, {2}) {over}
FIRST_VALUE(T) T = first_value({0}{nulls}) {over}
LAST_VALUE(T) T = last_value({0}{nulls}) {over}
NTH_VALUE(T, INT64) T = nth_value({0}, {1}{nulls}) {over}
PERCENTILE_CONT(FLOAT64, FLOAT64) FLOAT64 = quantile_cont({0}, {1}) {over}
PERCENTILE_DISC(T, FLOAT64) T = quantile_disc({0}, {1}) {over}
"""
