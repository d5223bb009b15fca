"""AFCN of Zhang, Du, Wang, Zhang and Tu (2019), and its form with several attention heads."""
