# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mev_arb_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place give-pages only= check stats progress= metrics= schema= q/quiet v/verbose base= balance= flash= flash-cap= tip-bps= min-tip= cu-price= cu-base= cu-hop= cu-step= min-profit= min-depth= max-slot-spread= reach= max-pools= ref-size= plan= explain h/help V/version
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
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l ref-size -d 'Search by average rates at N lamports too' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l plan -d 'Plan up to N cycles one after the other' -r
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -l explain -d 'Write refused candidates too, with the reason'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -s V -l version -d 'Print version'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "table" -d 'Shows the opportunities of a stream as a table'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "explain" -d 'Explains one opportunity to the last lamport'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "size" -d 'Sizes one cycle by every method'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "exposure" -d 'Measures what each pending swap lets others take'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "replay" -d 'Replays a recorded stream with a delay between finding and landing'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "findings" -d 'Finds sandwiches, what their victims lost, and atomic arbitrages'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "bench" -d 'Measures detection and sizing beside their baselines'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "stats" -d 'Counts and sums the opportunities of a stream by what they have in common'
complete -c mev-arb -n "__fish_mev_arb_needs_command" -a "plot" -d 'Draws an SVG'
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
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand table" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l what-if -d 'Show what N would give as input instead' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l path -d 'The pools in order, in base58' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l curve -d 'Show the gain at N inputs instead' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand size" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l attack-cost -d 'Take an attack to cost N lamports' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l part-cost -d 'Take each of the user\'s transactions to cost N lamports' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l most-parts -d 'Consider at most N parts' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l say -d 'Say it in sentences instead of records'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand exposure" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l latency -d 'Time from receipt to execution' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l land -d 'Attempts that land if nothing else is against them, percent' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l tip-floor -d 'Tips below this are outbid: lamports, or p50, p75, p95, p99' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l table -d 'Which table a program gets' -r -f -a "money\t'Profit and loss, a row a latency'
funnel\t'From records to what landed, with every reason'
landed\t'Each that landed by the first latency'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l window -d 'Look for back-runs up to N slots after the front-run' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l level -d 'Which sets of rules are asked' -r -f -a "strict\t'Within the slots of one leader, all legs linked'
wide\t'Within the window, tied by amounts or owner'
both\t'Strict first, then wide'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l tx-fee -d 'Count N lamports as the fee of a transaction' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l max-swaps -d 'Keep at most N swaps in the window' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l by -d 'Write a table of counts and sums instead' -r -f -a "what\t'What was found'
pool\t'The pool; of an arbitrage, its first'
owner\t'Who signs for the first swap: the attacker, the arbitrageur'
program\t'The program that the swaps come through'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l explain -d 'Write near misses too'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l table -d 'Write a table for people instead'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand findings" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l pools -d 'Sizes of the markets' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l by -d 'What they are grouped by' -r -f -a "pool\t'Each pool that it goes through'
pair\t'Each pair of tokens that it swaps, in either direction'
venue\t'Each venue that it goes through'
hops\t'The number of its hops'
hour\t'The hour in which its trigger was received'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l id -d 'The opportunity of a profit curve' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l only -d 'Write only these kinds of record' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l force -d 'Overwrite an output file that exists'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand plot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l vectors -d 'The vectors, a JSON object of groups' -r -F
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l swaps -d 'Write the swaps of one sandwich case as records instead' -r
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
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l check -d 'Read and verify everything, write nothing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "table" -d 'Shows the opportunities of a stream as a table'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "explain" -d 'Explains one opportunity to the last lamport'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "size" -d 'Sizes one cycle by every method'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "exposure" -d 'Measures what each pending swap lets others take'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "replay" -d 'Replays a recorded stream with a delay between finding and landing'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "findings" -d 'Finds sandwiches, what their victims lost, and atomic arbitrages'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "bench" -d 'Measures detection and sizing beside their baselines'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "stats" -d 'Counts and sums the opportunities of a stream by what they have in common'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "plot" -d 'Draws an SVG'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "verify" -d 'Checks the arithmetic against vectors of exact integers'
complete -c mev-arb -n "__fish_mev_arb_using_subcommand help; and not __fish_seen_subcommand_from table explain size exposure replay findings bench stats plot verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
