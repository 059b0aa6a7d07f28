"""What a fit leaves behind: numbers, pictures and curves. Nothing here changes a fit."""
