"""What is shipped to begin with: policies, and samples of every kind of input."""
