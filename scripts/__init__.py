"""What a maintainer runs now and then: python -m scripts.<name>."""
