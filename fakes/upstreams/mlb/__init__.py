"""Baseball: the clubs, their players, the games of a season, and the sites that show them."""
