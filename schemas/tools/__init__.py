"""Development tools that make everything else from `schemas/<topic>/`. Not shipped."""
