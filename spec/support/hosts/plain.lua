--- A plain program: one thing after another; calls go side by side in `all`.
local sapanywhere = require "sapanywhere"

return {
  name = "plain Lua",
  run = function(main) main() end,
  together = function(list)
    local _, errors = sapanywhere.all(list)
    for i = 1, errors.n do
      if errors[i] then error(errors[i], 0) end
    end
  end,
}
