"""HTTP outwards: one folder per service we call."""
