"""Every experiment: from a data folder to figures with intervals, tables, plots and a plain conclusion."""
