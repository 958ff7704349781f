#compdef sapanywhere

_sapanywhere() {
  local context state state_descr line
  typeset -A opt_args

  local -a options=(
    {-h,--help}"[Show this help message and exit]"
    {-v,--version}"[Print the version and exit]"
    "--json[Print JSON, one object a line, also on a terminal]"
    "--verbose[Show on standard error what goes over the wire, without secrets]"
  )
  _arguments -s -S \
    $options \
    ": :_sapanywhere_cmds" \
    "*:: :->args" \
    && return 0

  case $words[1] in
    connect)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--name[The shop's name, here and at Cloud Elements]: :_files"
        "*--tag[A tag of the instance; may be given several times]: :_files"
        "--port[Where to listen for the callback on this machine (8976)]: :_files"
        "--callback-url[The callback URL that is registered for your app, where it is not on this machine\: then paste where the browser was sent]: :_files"
        "--no-browser[Open no browser\: print the address, and take what the browser was sent to]"
        "--timeout[Seconds to wait for the user (300)]: :_files"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    instances)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :_sapanywhere_instances_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        list)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "*--tag[Only those with this tag; may be given several times]: :_files"
            "--search[Only those whose name or key holds this]: :_files"
            "--limit[At most so many]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        show)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--token[Show its token, and nothing else\: the only way to see one]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        update)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--name[The new name]: :_files"
            "*--tag[A tag, in place of those it has; may be given several times]: :_files"
            "*--set[An entry of its configuration; may be given several times]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        enable)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        disable)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        delete)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--yes[Do not ask]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        reauthenticate)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--port[Where to listen for the callback on this machine (8976)]: :_files"
            "--callback-url[The callback URL that is registered for your app, where it is not on this machine\: then paste where the browser was sent]: :_files"
            "--no-browser[Open no browser\: print the address, and take what the browser was sent to]"
            "--timeout[Seconds to wait for the user (300)]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

      esac
      ;;

    customers)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--shop: :_files"
      )
      _arguments -s -S \
        $options \
        ": :_sapanywhere_customers_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        list)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--where[Only those for which this CEQL holds, such as \"total > 100\"]: :_files"
            "--fields[Only these fields, in this order]: :_files"
            "--order-by[A field, and asc or desc]: :_files"
            "--limit[At most so many (25)]: :_files"
            "--all[All of them]"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        get)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--fields[Only these fields, in this order]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        create)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--data[JSON, or @ and the name of a file that holds it (@- is standard input)]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        update)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--data[JSON, or @ and the name of a file that holds it (@- is standard input)]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        delete)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--yes[Do not ask]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        count)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--where[Only those for which this CEQL holds, such as \"total > 100\"]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

      esac
      ;;

    orders)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--shop: :_files"
      )
      _arguments -s -S \
        $options \
        ": :_sapanywhere_orders_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        list)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--where[Only those for which this CEQL holds, such as \"total > 100\"]: :_files"
            "--fields[Only these fields, in this order]: :_files"
            "--order-by[A field, and asc or desc]: :_files"
            "--limit[At most so many (25)]: :_files"
            "--all[All of them]"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        get)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--fields[Only these fields, in this order]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        create)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--data[JSON, or @ and the name of a file that holds it (@- is standard input)]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        update)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--data[JSON, or @ and the name of a file that holds it (@- is standard input)]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        delete)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--yes[Do not ask]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        count)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--where[Only those for which this CEQL holds, such as \"total > 100\"]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

      esac
      ;;

    products)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--shop: :_files"
      )
      _arguments -s -S \
        $options \
        ": :_sapanywhere_products_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        list)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--where[Only those for which this CEQL holds, such as \"total > 100\"]: :_files"
            "--fields[Only these fields, in this order]: :_files"
            "--order-by[A field, and asc or desc]: :_files"
            "--limit[At most so many (25)]: :_files"
            "--all[All of them]"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        get)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--fields[Only these fields, in this order]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        create)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--data[JSON, or @ and the name of a file that holds it (@- is standard input)]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

        update)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--data[JSON, or @ and the name of a file that holds it (@- is standard input)]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        delete)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--yes[Do not ask]"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

        count)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--shop[The shop's name; not needed where there is one]: :_files"
            "--where[Only those for which this CEQL holds, such as \"total > 100\"]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

      esac
      ;;

    request)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "*--query[A parameter of the query; may be given several times]: :_files"
        "*--header[A header; may be given several times]: :_files"
        "--data[The body, or @ and the name of a file that holds it (@- is standard input)]: :_files"
        "--shop[The shop's name; not needed where there is one]: :_files"
        "--account[By the account's secrets, not by a shop's token]"
      )
      _arguments -s -S \
        $options \
        ": :_files" \
        ": :_files" \
        && return 0
      ;;

    bulk)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :_sapanywhere_bulk_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        export)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--to[The file; it is there only when it is whole]: :_files"
            "--format[json or csv]: :(json csv)"
            "--query[Another query than select * from OBJECT]: :_files"
            "--from[Only rows since this time, as ISO 8601]: :_files"
            "--till[Only rows until this time, as ISO 8601]: :_files"
            "--shop[The shop's name; not needed where there is one]: :_files"
          )
          _arguments -s -S \
            $options \
            ": :_files" \
            && return 0
          ;;

      esac
      ;;

    webhook)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :_sapanywhere_webhook_cmds" \
        "*:: :->args" \
        && return 0

      case $words[1] in
        verify)
          options=(
            $options
            {-h,--help}"[Show this help message and exit]"
            "--signature[The header Elements-Webhook-Signature]: :_files"
            "--key-file[The file with the key\: the instance's event.notification.signature.key]: :_files"
          )
          _arguments -s -S \
            $options \
            && return 0
          ;;

      esac
      ;;

    sandbox)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
        "--env[Start nothing\: print the environment with which the one that runs is used]"
        "--seed[The number from which its rows are made\: the same number, the same rows]: :_files"
        "--customers[How many customers it has (100)]: :_files"
        "--orders[How many orders (100)]: :_files"
        "--products[How many products (100)]: :_files"
        "--port[Where it listens; any free port where left out]: :_files"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    doctor)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        && return 0
      ;;

    completion)
      options=(
        $options
        {-h,--help}"[Show this help message and exit]"
      )
      _arguments -s -S \
        $options \
        ": :(bash zsh)" \
        && return 0
      ;;

  esac

  return 1
}

_sapanywhere_cmds() {
  local -a commands=(
    "connect:Connect a shop: the user allows it in the browser, and its token is kept"
    "instances:The instances of your account"
    "customers:The customers of a shop"
    "orders:The orders of a shop"
    "products:The products of a shop"
    "request:Send any request, as a shop or with --account as the account"
    "bulk:Many rows at once, by jobs of the platform"
    "webhook:Notifications of the platform"
    "sandbox:Run a local service in place of the real one, until Ctrl-C"
    "doctor:Look for what would keep the command from working"
    "completion:Print the completions for a shell"
  )
  _describe "command" commands
}

_sapanywhere_instances_cmds() {
  local -a commands=(
    "list:List them; also what instances alone does"
    "show:Show one"
    "update:Change its name, tags or configuration"
    "enable:Let it work again"
    "disable:Let it rest: calls by its token are refused"
    "delete:Delete it for good"
    "reauthenticate:Renew the user's consent, in the browser as connect does"
  )
  _describe "command" commands
}

_sapanywhere_customers_cmds() {
  local -a commands=(
    "list:List them"
    "get:Show one"
    "create:Create one"
    "update:Change one: what is named in the data"
    "delete:Delete one for good"
    "count:Count them"
  )
  _describe "command" commands
}

_sapanywhere_orders_cmds() {
  local -a commands=(
    "list:List them"
    "get:Show one"
    "create:Create one"
    "update:Change one: what is named in the data"
    "delete:Delete one for good"
    "count:Count them"
  )
  _describe "command" commands
}

_sapanywhere_products_cmds() {
  local -a commands=(
    "list:List them"
    "get:Show one"
    "create:Create one"
    "update:Change one: what is named in the data"
    "delete:Delete one for good"
    "count:Count them"
  )
  _describe "command" commands
}

_sapanywhere_bulk_cmds() {
  local -a commands=(
    "export:Write all rows of an object into a file"
  )
  _describe "command" commands
}

_sapanywhere_webhook_cmds() {
  local -a commands=(
    "verify:Check the signature of a notification, whose raw body is on standard input"
  )
  _describe "command" commands
}

_sapanywhere
