-- The version of the library, written here and nowhere else.

return "1.0.0"
