"""SQL behind functions: the only package that imports SQLAlchemy, so that nothing else knows how things are kept."""
