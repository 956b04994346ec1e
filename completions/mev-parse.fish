# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mev_parse_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place give-pages only= check stats progress= metrics= schema= q/quiet v/verbose order= eager verify= leader= leaders= epoch-start= accounts= pools= shred-version= slots-max= shreds-max= rows= txns= drift threads= no-rows h/help V/version
end

function __fish_mev_parse_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mev_parse_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mev_parse_using_subcommand
    set -l cmd (__fish_mev_parse_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mev-parse -n "__fish_mev_parse_needs_command" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-parse -n "__fish_mev_parse_needs_command" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l only -d 'Write only these kinds of record' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l order -d 'Write rows by slot or as they arrive' -r -f -a "slot\t'By slot, batch, transaction and instruction'
arrival\t'As batches become whole'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l verify -d 'What to check: merkle, leader, poh, or none' -r -f -a "merkle\t'Merkle proofs of shreds'
leader\t'Leader signatures of shreds'
poh\t'Proof of history of entries'
none\t'Nothing'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l leader -d 'Key that must have signed the shreds, base58' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l leaders -d 'Read who leads which slot' -r -F
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l epoch-start -d 'First slot of the epoch of --leaders' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l accounts -d 'Read accounts: the pools\' state before the packets' -r -F
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l pools -d 'Read the directory of the toolkit\'s own feed' -r -F
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l shred-version -d 'Accept only shreds of this version' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l slots-max -d 'Keep at most N slots in flight' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l shreds-max -d 'Store at most N shreds' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l rows -d 'Write only these rows: intent, fill, route' -r -f -a "intent\t'What an instruction asks for'
fill\t'What was moved'
route\t'An aggregator\'s whole'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l txns -d 'Write transactions themselves, too, each before its rows' -r -f -a "rows\t'Those that have a row'
all\t'All'"
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l threads -d 'Use N threads: one reads, and slots are written by all' -r
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l eager -d 'Write a transaction\'s rows before its batch is whole'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l drift -d 'Print what could not be decoded, by venue'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -l no-rows -d 'Leave instructions alone: write slots and no rows'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -s V -l version -d 'Print version'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -a "verify" -d 'Reckons every fill again with the venue\'s own formula'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -a "venues" -d 'Lists the venues and what is covered of each'
complete -c mev-parse -n "__fish_mev_parse_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l only -d 'Write only these kinds of record' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l force -d 'Overwrite an output file that exists'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l check -d 'Read and verify everything, write nothing'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l only -d 'Write only these kinds of record' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l force -d 'Overwrite an output file that exists'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l check -d 'Read and verify everything, write nothing'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand venues" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand help; and not __fish_seen_subcommand_from verify venues help" -f -a "verify" -d 'Reckons every fill again with the venue\'s own formula'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand help; and not __fish_seen_subcommand_from verify venues help" -f -a "venues" -d 'Lists the venues and what is covered of each'
complete -c mev-parse -n "__fish_mev_parse_using_subcommand help; and not __fish_seen_subcommand_from verify venues help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
