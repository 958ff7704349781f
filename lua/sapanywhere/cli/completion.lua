--- `sapanywhere completion`: what bash and zsh need to complete the command.

local MAKERS = { bash = "get_bash_complete", zsh = "get_zsh_complete" }

return function(parser, runs)
  local command = parser:command("completion", "Print the completions for a shell.")
  command:argument("shell", "bash or zsh."):choices { "bash", "zsh" }
  runs.completion = function(args, whole)
    io.stdout:write(whole[MAKERS[args.shell]](whole))
  end
end
