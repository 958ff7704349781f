-- What every Lua of ours knows is allowed everywhere; what only some know is named here.
std = "min"
max_line_length = 120
exclude_files = { "build", "types" } -- the types are for editors and made by a program
read_globals = { "unpack", "setfenv", "loadstring", table = { fields = { "unpack" } } }

files["spec"] = { std = "+busted" }
files["examples/busted"] = { std = "+busted" }

-- Run inside nginx.
files["**/nginx*.lua"] = { std = "+ngx_lua" }
files["examples/*.nginx/*.lua"] = { std = "+ngx_lua" }
