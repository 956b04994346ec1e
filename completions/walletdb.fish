# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_walletdb_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place give-pages only= check stats progress= metrics= schema= q/quiet v/verbose h/help V/version
end

function __fish_walletdb_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_walletdb_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_walletdb_using_subcommand
    set -l cmd (__fish_walletdb_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c walletdb -n "__fish_walletdb_needs_command" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_needs_command" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_needs_command" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_needs_command" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_needs_command" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_needs_command" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_needs_command" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_needs_command" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_needs_command" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_needs_command" -s V -l version -d 'Print version'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "create" -d 'Makes an empty table'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "import" -d 'Puts wallets from files into a table, which is made when there is none'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "export" -d 'Writes all wallets: rows of 64 bytes, CSV, JSON or Parquet'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "get" -d 'Shows wallets'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "put" -d 'Puts a wallet, or rows from standard input'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "remove" -d 'Removes wallets'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "stat" -d 'Shows what a table is'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "verify" -d 'Looks at every byte of a table, its log and its lots'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "compact" -d 'Writes a table anew, without what is dead in it'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "follow" -d 'Shows changes as they happen'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "filter" -d 'Puts a verdict before each swap of a stream, by its wallet'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "learn" -d 'Learns from the fills in a stream who gains'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "bench" -d 'Measures look-ups on this machine'
complete -c walletdb -n "__fish_walletdb_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l capacity -d 'Make room for N wallets' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l from -d 'What the files are: csv, jsonl, parquet or rows' -r -f -a "auto\t'Told by how it begins'
csv\t'Comma-separated values with a header'
jsonl\t'One JSON object a line'
parquet\t'A Parquet file with the columns of the CSV'
rows\t'Rows of 64 bytes'"
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l capacity -d 'Make room for N wallets' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l sync -d 'When a change counts as written: always, interval[:TIME] or none' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l skip-bad -d 'Leave out what is not a row, and count it'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l skip-bad -d 'Leave out rows that are damaged, and count them'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l confidence -d 'How sure you are of it, from 0 to 1' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l flags -d 'What it is: insider, blacklist, copy, pinned, bot, or a number' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l last-activity -d 'When it traded last, in seconds since 1970' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l win-rate -d 'Which share of its trades won, from 0 to 1' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l avg-profit -d 'What a trade gained on average, in the quote token' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l trade-count -d 'How many trades it made' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l sync -d 'When a change counts as written: always, interval[:TIME] or none' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l ack -d 'Print the number of each change once it is acknowledged'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand put" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l sync -d 'When a change counts as written: always, interval[:TIME] or none' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l huge -d 'Ask for large pages in memory'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand stat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l huge -d 'Ask for large pages in memory'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l capacity -d 'Make room for N wallets' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand compact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l all -d 'Begin with the changes that the log still holds'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand follow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l min-confidence -d 'Ask that the table is at least so sure of the wallet, from 0 to 1' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l any-flag -d 'Ask for at least one of these flags' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l none-flag -d 'Ask that the wallet has none of these flags' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l huge -d 'Ask for large pages in memory'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l invert -d 'Turn the verdict around: pass those that do not meet what is asked'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l drop -d 'Drop swaps that are stopped'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand filter" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l quote -d 'Reckon in the token with this mint' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l decimals -d 'The decimals of that token' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l min-trades -d 'Put wallets with at least N trades only' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l sync -d 'When a change counts as written: always, interval[:TIME] or none' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand learn" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l rows -d 'Wallets in the table' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -s n -l limit -d 'Stop after N records were written' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l only -d 'Write only these kinds of record' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l huge -d 'Ask for large pages'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l json -d 'Print JSON, one object a regime'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l force -d 'Overwrite an output file that exists'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l follow -d 'Keep reading a file that is still being written'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l check -d 'Read and verify everything, write nothing'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -l stats -d 'Print counters and latency percentiles at the end'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -s q -l quiet -d 'Print no warnings and no progress'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -s v -l verbose -d 'Say more about what is being done'
complete -c walletdb -n "__fish_walletdb_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "create" -d 'Makes an empty table'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "import" -d 'Puts wallets from files into a table, which is made when there is none'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "export" -d 'Writes all wallets: rows of 64 bytes, CSV, JSON or Parquet'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "get" -d 'Shows wallets'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "put" -d 'Puts a wallet, or rows from standard input'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "remove" -d 'Removes wallets'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "stat" -d 'Shows what a table is'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "verify" -d 'Looks at every byte of a table, its log and its lots'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "compact" -d 'Writes a table anew, without what is dead in it'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "follow" -d 'Shows changes as they happen'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "filter" -d 'Puts a verdict before each swap of a stream, by its wallet'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "learn" -d 'Learns from the fills in a stream who gains'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "bench" -d 'Measures look-ups on this machine'
complete -c walletdb -n "__fish_walletdb_using_subcommand help; and not __fish_seen_subcommand_from create import export get put remove stat verify compact follow filter learn bench help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
