--- Requires a library once, and keeps it until the process ends. busted forgets between two files what the first has
-- loaded; luv's event loop is freed with its module, and a luv that is loaded a second time runs on in the freed loop.

return function(name)
  local registry = debug.getregistry()
  local kept = registry.kept_libraries or {}
  registry.kept_libraries = kept
  kept[name] = kept[name] or require(name)
  package.loaded[name] = kept[name]
  return kept[name]
end
