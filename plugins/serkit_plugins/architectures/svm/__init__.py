"""SerKit's classical baseline: functionals of low-level descriptors and a support vector machine."""
