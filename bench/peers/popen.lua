--- io.popen("curl …") and lua-cjson: the commands that the API's own page shows.

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function open(job)
  local requests = require "request"
  return function()
    local request = requests[job.call](job.values)
    local words = { "curl -s -f -X", request.method }
    if job.ca_file then words[#words + 1] = "--cacert " .. quote(job.ca_file) end
    for name, value in pairs(request.headers) do
      if name ~= "content-length" then words[#words + 1] = "-H " .. quote(name .. ": " .. value) end
    end
    if request.body then words[#words + 1] = "-d " .. quote(request.body) end
    words[#words + 1] = quote(job.base_url .. request.path)
    local pipe = assert(io.popen(table.concat(words, " ")))
    local text = pipe:read("*a")
    if not pipe:close() then error("curl failed", 0) end
    return requests.decode(text)
  end
end

return { open = open, starts_processes = true }
