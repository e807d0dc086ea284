# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cupi_gateway_global_optspecs
    string join \n h/help V/version
end

function __fish_cupi_gateway_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_cupi_gateway_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_cupi_gateway_using_subcommand
    set -l cmd (__fish_cupi_gateway_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -s V -l version -d 'Print version'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "demo" -d 'Start the gateway before a built-in simulator of Unity Connection, to try it'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "serve" -d 'Start the gateway'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "simulate" -d 'Start the simulator of Unity Connection alone'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "openapi" -d 'Print the OpenAPI document'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "health" -d 'Ask a running gateway whether it is ready, for a container\'s health check'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "survey" -d 'Read everything once as one person, and print a report without names and values that settles what is unknown of Unity Connection'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "check" -d 'Check the settings and reach Unity Connection once, without credentials'
complete -c cupi-gateway -n "__fish_cupi_gateway_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand demo" -l bind -d 'The address of the API, 127.0.0.1:8080 by default; it wins over the environment' -r
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand demo" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand serve" -l config -d 'A TOML file with settings; environment variables (`CUPI_GATEWAY__UPSTREAM__URL`) win' -r -F
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand serve" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand simulate" -l bind -d 'The address to listen on' -r
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand simulate" -l certificate -d 'A PEM file with the certificate to serve HTTPS with' -r -F
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand simulate" -l key -d 'A PEM file with the certificate\'s private key' -r -F
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand simulate" -l switch -d 'Make it differ from a healthy server; may be given more than once' -r
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand simulate" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand openapi" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand health" -l config -d 'A TOML file with settings, as for `serve`' -r -F
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand health" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand survey" -l user -d 'The person\'s user name. The password is asked for, or read from standard input' -r
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand survey" -l config -d 'A TOML file with settings, as for `serve`' -r -F
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand survey" -l json -d 'Print JSON'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand survey" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand check" -l config -d 'A TOML file with settings, as for `serve`' -r -F
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand check" -s h -l help -d 'Print help'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "demo" -d 'Start the gateway before a built-in simulator of Unity Connection, to try it'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "serve" -d 'Start the gateway'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "simulate" -d 'Start the simulator of Unity Connection alone'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "openapi" -d 'Print the OpenAPI document'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "health" -d 'Ask a running gateway whether it is ready, for a container\'s health check'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "survey" -d 'Read everything once as one person, and print a report without names and values that settles what is unknown of Unity Connection'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "check" -d 'Check the settings and reach Unity Connection once, without credentials'
complete -c cupi-gateway -n "__fish_cupi_gateway_using_subcommand help; and not __fish_seen_subcommand_from demo serve simulate openapi health survey check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
