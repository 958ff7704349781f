_sapanywhere() {
    local IFS=$' \t\n'
    local args cur prev cmd opts arg
    args=("${COMP_WORDS[@]}")
    cur="${COMP_WORDS[COMP_CWORD]}"
    prev="${COMP_WORDS[COMP_CWORD-1]}"
    opts="-h --help -v --version --json --verbose"

    args=("${args[@]:1}")
    for arg in "${args[@]}"; do
        case "$arg" in
            connect)
                cmd="connect"
                opts="$opts -h --help --name --tag --port --callback-url --no-browser --timeout"
                break
                ;;
            instances)
                cmd="instances"
                opts="$opts -h --help"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        list)
                            cmd="$cmd list"
                            opts="$opts -h --help --tag --search --limit"
                            break
                            ;;
                        show)
                            cmd="$cmd show"
                            opts="$opts -h --help --token"
                            break
                            ;;
                        update)
                            cmd="$cmd update"
                            opts="$opts -h --help --name --tag --set"
                            break
                            ;;
                        enable)
                            cmd="$cmd enable"
                            opts="$opts -h --help"
                            break
                            ;;
                        disable)
                            cmd="$cmd disable"
                            opts="$opts -h --help"
                            break
                            ;;
                        delete)
                            cmd="$cmd delete"
                            opts="$opts -h --help --yes"
                            break
                            ;;
                        reauthenticate)
                            cmd="$cmd reauthenticate"
                            opts="$opts -h --help --port --callback-url --no-browser --timeout"
                            break
                            ;;
                    esac
                done
                break
                ;;
            customers)
                cmd="customers"
                opts="$opts -h --help --shop"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        list)
                            cmd="$cmd list"
                            opts="$opts -h --help --shop --where --fields --order-by --limit --all"
                            break
                            ;;
                        get)
                            cmd="$cmd get"
                            opts="$opts -h --help --shop --fields"
                            break
                            ;;
                        create)
                            cmd="$cmd create"
                            opts="$opts -h --help --shop --data"
                            break
                            ;;
                        update)
                            cmd="$cmd update"
                            opts="$opts -h --help --shop --data"
                            break
                            ;;
                        delete)
                            cmd="$cmd delete"
                            opts="$opts -h --help --shop --yes"
                            break
                            ;;
                        count)
                            cmd="$cmd count"
                            opts="$opts -h --help --shop --where"
                            break
                            ;;
                    esac
                done
                break
                ;;
            orders)
                cmd="orders"
                opts="$opts -h --help --shop"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        list)
                            cmd="$cmd list"
                            opts="$opts -h --help --shop --where --fields --order-by --limit --all"
                            break
                            ;;
                        get)
                            cmd="$cmd get"
                            opts="$opts -h --help --shop --fields"
                            break
                            ;;
                        create)
                            cmd="$cmd create"
                            opts="$opts -h --help --shop --data"
                            break
                            ;;
                        update)
                            cmd="$cmd update"
                            opts="$opts -h --help --shop --data"
                            break
                            ;;
                        delete)
                            cmd="$cmd delete"
                            opts="$opts -h --help --shop --yes"
                            break
                            ;;
                        count)
                            cmd="$cmd count"
                            opts="$opts -h --help --shop --where"
                            break
                            ;;
                    esac
                done
                break
                ;;
            products)
                cmd="products"
                opts="$opts -h --help --shop"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        list)
                            cmd="$cmd list"
                            opts="$opts -h --help --shop --where --fields --order-by --limit --all"
                            break
                            ;;
                        get)
                            cmd="$cmd get"
                            opts="$opts -h --help --shop --fields"
                            break
                            ;;
                        create)
                            cmd="$cmd create"
                            opts="$opts -h --help --shop --data"
                            break
                            ;;
                        update)
                            cmd="$cmd update"
                            opts="$opts -h --help --shop --data"
                            break
                            ;;
                        delete)
                            cmd="$cmd delete"
                            opts="$opts -h --help --shop --yes"
                            break
                            ;;
                        count)
                            cmd="$cmd count"
                            opts="$opts -h --help --shop --where"
                            break
                            ;;
                    esac
                done
                break
                ;;
            request)
                cmd="request"
                opts="$opts -h --help --query --header --data --shop --account"
                break
                ;;
            bulk)
                cmd="bulk"
                opts="$opts -h --help"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        export)
                            cmd="$cmd export"
                            opts="$opts -h --help --to --format --query --from --till --shop"
                            break
                            ;;
                    esac
                done
                break
                ;;
            webhook)
                cmd="webhook"
                opts="$opts -h --help"
                args=("${args[@]:1}")
                for arg in "${args[@]}"; do
                    case "$arg" in
                        verify)
                            cmd="$cmd verify"
                            opts="$opts -h --help --signature --key-file"
                            break
                            ;;
                    esac
                done
                break
                ;;
            sandbox)
                cmd="sandbox"
                opts="$opts -h --help --env --seed --customers --orders --products --port"
                break
                ;;
            doctor)
                cmd="doctor"
                opts="$opts -h --help"
                break
                ;;
            completion)
                cmd="completion"
                opts="$opts -h --help"
                break
                ;;
        esac
    done

    case "$cmd" in
        '')
            COMPREPLY=($(compgen -W "connect instances customers orders products request bulk webhook sandbox doctor completion" -- "$cur"))
            ;;
        'connect')
            case "$prev" in
                --name)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --tag)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --port)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --callback-url)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'instances')
            COMPREPLY=($(compgen -W "list show update enable disable delete reauthenticate" -- "$cur"))
            ;;
        'instances list')
            case "$prev" in
                --tag)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --search)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'instances update')
            case "$prev" in
                --name)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --tag)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'instances reauthenticate')
            case "$prev" in
                --port)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --callback-url)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --timeout)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'customers')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            COMPREPLY=($(compgen -W "list get create update delete count" -- "$cur"))
            ;;
        'customers list')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --where)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fields)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --order-by)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'customers get')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fields)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'customers create')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'customers update')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'customers delete')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'customers count')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --where)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'orders')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            COMPREPLY=($(compgen -W "list get create update delete count" -- "$cur"))
            ;;
        'orders list')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --where)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fields)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --order-by)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'orders get')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fields)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'orders create')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'orders update')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'orders delete')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'orders count')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --where)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'products')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            COMPREPLY=($(compgen -W "list get create update delete count" -- "$cur"))
            ;;
        'products list')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --where)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fields)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --order-by)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --limit)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'products get')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --fields)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'products create')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'products update')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'products delete')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'products count')
            case "$prev" in
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --where)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'request')
            case "$prev" in
                --query)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --header)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --data)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'bulk')
            COMPREPLY=($(compgen -W "export" -- "$cur"))
            ;;
        'bulk export')
            case "$prev" in
                --to)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "json csv" -- "$cur"))
                    return 0
                    ;;
                --query)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --from)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --till)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --shop)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'webhook')
            COMPREPLY=($(compgen -W "verify" -- "$cur"))
            ;;
        'webhook verify')
            case "$prev" in
                --signature)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --key-file)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
        'sandbox')
            case "$prev" in
                --seed)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --customers)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --orders)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --products)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
                --port)
                    COMPREPLY=($(compgen -f -- "$cur"))
                    return 0
                    ;;
            esac

            ;;
    esac

    if [[ "$cur" = -* ]]; then
        COMPREPLY=($(compgen -W "$opts" -- "$cur"))
    fi
}

complete -F _sapanywhere -o bashdefault -o default sapanywhere
