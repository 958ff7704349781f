--- Loaded before a program that starts a sandbox, `lua -l support.witness program.lua`: writes down, when the
-- program stops it, where it was and every value of it that must not be shown, one a line.
-- The file is named by the environment variable WITNESS.

local sandbox = require "sapanywhere.sandbox"

local start = sandbox.start

-- What instances have to hide. Asked for at each look into the log: an instance may be deleted before the end.
local function note_instances(service, noted)
  for _, instance in ipairs(service:instances()) do
    noted[instance.token], noted[instance.code] = true, true
    noted[instance.configuration["oauth.user.token"] or instance.token] = true
  end
end

local function write_down(service, noted)
  local file = assert(io.open(os.getenv("WITNESS"), "w"))
  local function note(value) file:write(value, "\n") end
  note(service.dir)
  for _, name in ipairs { "api_key", "api_secret", "user_secret", "organization_secret" } do
    note(service[name])
  end
  note_instances(service, noted)
  for value in pairs(noted) do note(value) end
  for _, kind in ipairs { "codes", "forms" } do
    for value in pairs(service.store:kind(kind)) do note(value) end
  end
  file:close()
end

function sandbox.start(options)
  local service, problem = start(options)
  if not service then return nil, problem end
  local stop, log, noted = service.stop, service.log, {}
  function service.log(self)
    note_instances(self, noted)
    return log(self)
  end
  function service.stop(self)
    write_down(self, noted)
    stop(self)
  end
  return service
end
