# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mev_capture_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place give-pages only= check stats progress= metrics= schema= q/quiet v/verbose h/help V/version
end

function __fish_mev_capture_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mev_capture_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mev_capture_using_subcommand
    set -l cmd (__fish_mev_capture_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mev-capture -n "__fish_mev_capture_needs_command" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_needs_command" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_needs_command" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -s V -l version -d 'Print version'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "udp" -d 'Receives datagrams from UDP sockets'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "live" -d 'Receives datagrams from an interface, by the fastest back end that the system grants'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "probe" -d 'Tries each back end of live on an interface and prints what came of it'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "clean" -d 'Removes XDP programs that were left at an interface'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "send" -d 'Plays a capture to a UDP address, or out of an interface'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "accounts" -d 'Fetches accounts by JSON-RPC, and keeps them fresh'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "gen" -d 'Makes deterministic traffic from a seed'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "ring" -d 'Makes, shows and removes rings in shared memory'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "node" -d 'Decides on datagrams as a host of its own, and answers them'
complete -c mev-capture -n "__fish_mev_capture_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l buffer-len -d 'Ask for N bytes of kernel buffer for each socket' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand udp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l port -d 'Take datagrams to port PORT' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l address -d 'Take datagrams to address ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l backend -d 'Which back end receives' -r -f -a "auto\t'The first that works'
xdp\t'AF_XDP sockets, past the kernel\'s network stack'
packet\t'An AF_PACKET socket'
udp\t'UDP sockets'
tap\t'The other end of a TAP device, which is made if it is not there'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l queue -d 'Receive from queue N only' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l cpu -d 'Receive by a thread on processor N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l busy-poll -d 'Poll the driver from the receiving thread, N packets at a time' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l tee -d 'Leave the traffic to the process that owns the port'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l spin -d 'Never sleep'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l volume -d 'Receive by blocks instead of slots'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand live" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand clean" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l to -d 'Send to ADDR, such as 127.0.0.1:8001' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l interface -d 'Send whole frames out of IFACE' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l backend -d 'What makes frames leave' -r -f -a "packet\t'An AF_PACKET socket, past the queueing discipline'
xdp\t'An AF_XDP socket'
live\t'The kernel makes them, millions a second; the capture is in its memory'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l to-mac -d 'The Ethernet address that frames are for' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l repeat -d 'Play all of it N times' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l speed -d 'Play X times as fast as recorded' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l pps -d 'Send N datagrams a second, evenly' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l mbps -d 'Send N million bits of payload a second, evenly' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l full-rate -d 'Send as fast as the socket takes them'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l rpc -d 'Take the server\'s URL from FILE' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l program -d 'Fetch all accounts of program ID' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l pubkeys -d 'Fetch the accounts that FILE lists' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l pubkey -d 'Fetch account KEY' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l every -d 'Fetch again every TIME' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l commitment -d 'How settled the states must be' -r -f -a "processed\t'Of the newest block that the server has executed'
confirmed\t'Of a block that two thirds of the stake have voted for'
finalized\t'Of a block that cannot be undone any more'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l timeout -d 'Give up on a request after TIME' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l only-named -d 'Fetch nothing else'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand accounts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -f -a "shreds" -d 'Solana slots as shreds, with swaps on the supported venues'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -f -a "feed" -d 'The toolkit\'s own 48- and 64-byte datagrams'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and not __fish_seen_subcommand_from shreds feed help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l seed -d 'Draw everything from seed N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l slots -d 'Make N slots' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l txs-per-slot -d 'Put N transactions into each slot' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l first-slot -d 'Number the first slot N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l tokens -d 'Make N tokens, WSOL and USDC among them' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l pools-per-pair -d 'Make N pools of each pair' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l wallets -d 'Let N wallets trade' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l spread -d 'Start prices are off by at most SHARE either way' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l swaps -d 'Of the transactions, SHARE are swaps' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l reverting -d 'Of the swaps, SHARE go towards their pool\'s start price' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l failing -d 'Of the swaps, SHARE ask for more than they would get' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l size-min -d 'Least size of a swap, as a share of the pool\'s depth' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l size-max -d 'Largest size of a swap, as a share of the pool\'s depth' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l hashes-per-tick -d 'Do N hashes a tick' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l shred-version -d 'Stamp shreds with version N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l loss -d 'Lose SHARE of the packets' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l dup -d 'Deliver SHARE of the packets twice' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l corrupt -d 'Flip one bit in SHARE of the packets' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l reorder -d 'Deliver packets up to N places late' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l accounts-out -d 'Write the accounts at the start to FILE' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l keypair-out -d 'Write the key pair of a wallet to FILE' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l leader-out -d 'Write the leader\'s public key to FILE' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from shreds" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l mode -d 'What kind of swaps to draw' -r -f -a "mixed\t'Large, small and tight swaps in the given shares'
large\t'Swaps that move the price past the fees of a second pool'
small\t'Swaps below the least amount'
tight\t'Swaps whose limit a front-run would break'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l seed -d 'Draw everything from seed N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l count -d 'Make N swaps' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l first-slot -d 'Number the first slot N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l per-slot -d 'Put N swaps into each slot' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l tokens -d 'Make N tokens' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l pools-per-pair -d 'Make N pools of each pair' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l large -d 'Mixed: SHARE of the swaps are large' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l small -d 'Mixed: SHARE of the swaps are small' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l tight -d 'Mixed: SHARE of the swaps are tight' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l beyond -d 'Large: go beyond the least amount by up to SHARE' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l min-amount -d 'Small: stay below N raw units' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l size-min -d 'Tight: least size, as a share of the reserve' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l size-max -d 'Tight: largest size, as a share of the reserve' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l front-run -d 'Tight: a front-run of SHARE of the reserve breaks it' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l slippage -d 'Large and small: allow SHARE of slippage' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l pools-out -d 'Write the directory of the pools to FILE' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from feed" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from help" -f -a "shreds" -d 'Solana slots as shreds, with swaps on the supported venues'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from help" -f -a "feed" -d 'The toolkit\'s own 48- and 64-byte datagrams'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand gen; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -f -a "create" -d 'Makes a ring for a writer to come'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -f -a "stat" -d 'Shows a ring, its writer and its readers'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -f -a "rm" -d 'Removes a ring that is not being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and not __fish_seen_subcommand_from create stat rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l payload-len -d 'Hold N bytes of records longer than 64 bytes' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l cells -d 'Hold N records' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l lossy -d 'Let the writer overtake readers that are slow'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l huge -d 'Ask for large pages'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from stat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from help" -f -a "create" -d 'Makes a ring for a writer to come'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from help" -f -a "stat" -d 'Shows a ring, its writer and its readers'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Removes a ring that is not being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand ring; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l backend -d 'What frames go over' -r -f -a "tap\t'A TAP device'
xdp\t'An AF_XDP socket'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l queue -d 'Take queue N of the interface' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l address -d 'The node\'s own address, such as 10.78.0.2/24' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l gateway -d 'Send what goes out of the node\'s network to ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l listen -d 'Take datagrams to port PORT' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l pools -d 'Read the directory of the toolkit\'s own feed' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l accounts -d 'Read accounts: the pools\' state before the datagrams' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l min-profit -d 'Take nothing that nets less than N lamports' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l cpu -d 'Keep the thread on processor N' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l only -d 'Write only these kinds of record' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l reply -d 'Answer each datagram that a decision was made for'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l spin -d 'Never sleep'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l force -d 'Overwrite an output file that exists'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l check -d 'Read and verify everything, write nothing'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand node" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "udp" -d 'Receives datagrams from UDP sockets'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "live" -d 'Receives datagrams from an interface, by the fastest back end that the system grants'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "probe" -d 'Tries each back end of live on an interface and prints what came of it'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "clean" -d 'Removes XDP programs that were left at an interface'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "send" -d 'Plays a capture to a UDP address, or out of an interface'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "accounts" -d 'Fetches accounts by JSON-RPC, and keeps them fresh'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "gen" -d 'Makes deterministic traffic from a seed'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "ring" -d 'Makes, shows and removes rings in shared memory'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "node" -d 'Decides on datagrams as a host of its own, and answers them'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and not __fish_seen_subcommand_from udp live probe clean send accounts gen ring node help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and __fish_seen_subcommand_from gen" -f -a "shreds" -d 'Solana slots as shreds, with swaps on the supported venues'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and __fish_seen_subcommand_from gen" -f -a "feed" -d 'The toolkit\'s own 48- and 64-byte datagrams'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and __fish_seen_subcommand_from ring" -f -a "create" -d 'Makes a ring for a writer to come'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and __fish_seen_subcommand_from ring" -f -a "stat" -d 'Shows a ring, its writer and its readers'
complete -c mev-capture -n "__fish_mev_capture_using_subcommand help; and __fish_seen_subcommand_from ring" -f -a "rm" -d 'Removes a ring that is not being written'
