# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mev_send_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place give-pages only= check stats progress= metrics= schema= q/quiet v/verbose url= region= grpc grpc-keypair= live journal= sync= max-spend-lamports-per-hour= stop-file= rate= expiry= timeout= auth-file= tpu tpu-peer= leaders= epoch-start= nodes= leader-rpc= identity= fanout= congestion= initial-window= zero-rtt handshake-timeout= h/help V/version
end

function __fish_mev_send_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mev_send_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mev_send_using_subcommand
    set -l cmd (__fish_mev_send_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mev-send -n "__fish_mev_send_needs_command" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-send -n "__fish_mev_send_needs_command" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l only -d 'Write only these kinds of record' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-send -n "__fish_mev_send_needs_command" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-send -n "__fish_mev_send_needs_command" -l url -d 'Send to the block engine at URL' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l region -d 'Send to these regions of Jito\'s block engine' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l grpc-keypair -d 'Sign the searcher API\'s challenges with the key pair in FILE' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l journal -d 'Keep a journal of what is sent in FILE' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l sync -d 'When the journal reaches the disk' -r -f -a "never\t'When the system sees fit'
always\t'Before anything leaves'"
complete -c mev-send -n "__fish_mev_send_needs_command" -l max-spend-lamports-per-hour -d 'Send nothing that could make an hour\'s tips and fees exceed N lamports' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l stop-file -d 'Send nothing while FILE exists' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l rate -d 'Ask each endpoint no more than N times a second' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l expiry -d 'Give up sending a bundle TIME after it came in' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l timeout -d 'Wait no longer than TIME for an answer, such as 500ms or 5s' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l auth-file -d 'Send the text in FILE as the header x-jito-auth' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l tpu-peer -d 'Send to ADDRESS:PORT, whoever leads' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l leaders -d 'Read who leads which slot' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l epoch-start -d 'First slot of the epoch of --leaders' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l nodes -d 'Read where leaders listen' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l leader-rpc -d 'Ask the RPC node whose URL is in FILE for slot, leaders and nodes' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l identity -d 'Connect as the key pair in FILE' -r -F
complete -c mev-send -n "__fish_mev_send_needs_command" -l fanout -d 'Send to N leaders: the current one and those that follow' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l congestion -d 'Fit the rate to the path by cubic or bbr' -r -f -a "cubic\t''
bbr\t''"
complete -c mev-send -n "__fish_mev_send_needs_command" -l initial-window -d 'Bytes on their way before the first acknowledgement' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l handshake-timeout -d 'Give up a QUIC handshake after TIME' -r
complete -c mev-send -n "__fish_mev_send_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c mev-send -n "__fish_mev_send_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-send -n "__fish_mev_send_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-send -n "__fish_mev_send_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-send -n "__fish_mev_send_needs_command" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-send -n "__fish_mev_send_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c mev-send -n "__fish_mev_send_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-send -n "__fish_mev_send_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-send -n "__fish_mev_send_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-send -n "__fish_mev_send_needs_command" -l grpc -d 'Send bundles by the block engine\'s gRPC searcher API'
complete -c mev-send -n "__fish_mev_send_needs_command" -l live -d 'Really send'
complete -c mev-send -n "__fish_mev_send_needs_command" -l tpu -d 'Send each transaction to the leaders, over QUIC'
complete -c mev-send -n "__fish_mev_send_needs_command" -l zero-rtt -d 'Send before the handshake is done (0-RTT), to peers that allow it'
complete -c mev-send -n "__fish_mev_send_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-send -n "__fish_mev_send_needs_command" -s V -l version -d 'Print version'
complete -c mev-send -n "__fish_mev_send_needs_command" -a "receipts" -d 'Prints the receipts that a journal holds'
complete -c mev-send -n "__fish_mev_send_needs_command" -a "serve" -d 'Serves bundles of many callers over HTTP'
complete -c mev-send -n "__fish_mev_send_needs_command" -a "audit" -d 'Looks into audit logs of the gateway'
complete -c mev-send -n "__fish_mev_send_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l journal -d 'The journal to read' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l only -d 'Write only these kinds of record' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l attempts -d 'Print the receipts of attempts too'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l force -d 'Overwrite an output file that exists'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l check -d 'Read and verify everything, write nothing'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-send -n "__fish_mev_send_using_subcommand receipts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l config -d 'Read what to serve, whom and where from the TOML file FILE' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l only -d 'Write only these kinds of record' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l live -d 'Really send'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l force -d 'Overwrite an output file that exists'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l check -d 'Read and verify everything, write nothing'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-send -n "__fish_mev_send_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l only -d 'Write only these kinds of record' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l force -d 'Overwrite an output file that exists'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l check -d 'Read and verify everything, write nothing'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -f -a "verify" -d 'Says whether audit logs are whole and unchanged'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and not __fish_seen_subcommand_from verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l head -d 'The public key that signs heads, in base58' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l newest -d 'A signed head that was kept elsewhere' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l only -d 'Write only these kinds of record' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l force -d 'Overwrite an output file that exists'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l check -d 'Read and verify everything, write nothing'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Says whether audit logs are whole and unchanged'
complete -c mev-send -n "__fish_mev_send_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-send -n "__fish_mev_send_using_subcommand help; and not __fish_seen_subcommand_from receipts serve audit help" -f -a "receipts" -d 'Prints the receipts that a journal holds'
complete -c mev-send -n "__fish_mev_send_using_subcommand help; and not __fish_seen_subcommand_from receipts serve audit help" -f -a "serve" -d 'Serves bundles of many callers over HTTP'
complete -c mev-send -n "__fish_mev_send_using_subcommand help; and not __fish_seen_subcommand_from receipts serve audit help" -f -a "audit" -d 'Looks into audit logs of the gateway'
complete -c mev-send -n "__fish_mev_send_using_subcommand help; and not __fish_seen_subcommand_from receipts serve audit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-send -n "__fish_mev_send_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Says whether audit logs are whole and unchanged'
