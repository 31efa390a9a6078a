"""The studies behind the claims, each from a data folder to figures with intervals, plots and a plain conclusion."""
