"""What SerKit's tests use and plugin authors reuse."""
