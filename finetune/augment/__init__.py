"""Whether added training rows help where real ones are scarce: real rows alone against added rows, on a real test."""
