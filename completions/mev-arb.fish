# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mev_arb_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place only= check stats progress= metrics= schema= q/quiet v/verbose base= balance= flash= flash-cap= tip-bps= min-tip= cu-price= cu-base= cu-hop= cu-step= min-profit= min-depth= max-slot-spread= reach= max-pools= explain h/help V/version
end

function __fish_mev_arb_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mev_arb_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mev_arb_using_subcommand
    set -l cmd (__fish_mev_arb_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mev-arb -n "__fish_mev_arb_needs_command" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l base -d 'Start and end cycles in the token MINT' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l balance -d 'Put at most N lamports into a cycle' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l flash -d 'Borrow what goes in: own, bps:N or klend:SF' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l flash-cap -d 'Borrow at most N lamports' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l tip-bps -d 'Give N basis points of the gain as tip' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l min-tip -d 'Give at least N lamports as tip' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l cu-price -d 'Pay N micro-lamports for a compute unit' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l cu-base -d 'Ask for N compute units beside those of the hops' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l cu-hop -d 'Ask for N compute units for each hop' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l cu-step -d 'Ask for N compute units for each tick, bin or level that is crossed' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l min-profit -d 'Take only what leaves at least N lamports' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l min-depth -d 'Trade only on pools with N lamports in reserve' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l max-slot-spread -d 'Trade only on states at most N slots apart' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l reach -d 'Try N units on either side of the closed form' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l max-pools -d 'Keep at most N pools' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l explain -d 'Write refused candidates too, with the reason'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s V -l version -d 'Print version'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "table" -d 'Shows the opportunities of a stream as a table'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "verify" -d 'Checks the arithmetic against vectors of exact integers'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l vectors -d 'The vectors, a JSON object of groups' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table verify help" -f -a "table" -d 'Shows the opportunities of a stream as a table'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table verify help" -f -a "verify" -d 'Checks the arithmetic against vectors of exact integers'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
