# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mev_bundle_global_optspecs
    string join \n o/output= force f/format= human n/limit= duration= follow in-place give-pages only= check stats progress= metrics= schema= q/quiet v/verbose accounts= alt= keypair= payer= blockhash= tip-account= max-tip-lamports= max-age= backrun= join-plans min-balance= nonce-account= flash= measure= program= create-atas h/help V/version
end

function __fish_mev_bundle_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mev_bundle_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mev_bundle_using_subcommand
    set -l cmd (__fish_mev_bundle_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l only -d 'Write only these kinds of record' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l accounts -d 'Take pools and mints from the accounts in FILE' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l alt -d 'Look up accounts in the address lookup tables in FILE' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l keypair -d 'Sign with the key pair in FILE, which pays and owns the token accounts' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l payer -d 'Make unsigned bundles for the public key KEY' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l blockhash -d 'Use this blockhash instead of the newest one in the stream' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l tip-account -d 'Pay tips to this one of the eight Jito tip accounts' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l max-tip-lamports -d 'Refuse an opportunity whose tip is above N lamports' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l max-age -d 'Refuse an opportunity that the stream\'s complete slots have left N slots behind' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l backrun -d 'Carry the pending transaction behind which an opportunity pays' -r -f -a "auto\t'Where the stream holds it'
only\t'Always; all else is refused'
never\t'Never'"
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l min-balance -d 'Pass over a payer that could be left with fewer than N lamports' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l nonce-account -d 'Use the durable nonce of account KEY instead of a blockhash' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l flash -d 'Borrow what goes into each cycle: kamino, save, marginfi or jupiter' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l measure -d 'Ask for the compute units that a run on this machine used, and PERCENT more' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l program -d 'Load the program ID from the ELF file FILE, for --measure' -r
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l force -d 'Overwrite an output file that exists'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l check -d 'Read and verify everything, write nothing'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l join-plans -d 'Put the cycles of a plan into one bundle'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -l create-atas -d 'Create the payer\'s token accounts that do not exist, first in each transaction'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -s V -l version -d 'Print version'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -a "check" -d 'Checks bundles by the rules of a block engine'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -a "simulate" -d 'Runs bundles before they cost, and passes on those that do not lose'
complete -c mev-bundle -n "__fish_mev_bundle_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l alt -d 'Look into the address lookup tables in FILE' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l only -d 'Write only these kinds of record' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l force -d 'Overwrite an output file that exists'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l check -d 'Read and verify everything, write nothing'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l accounts -d 'Take the accounts that the transactions use from FILE' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l program -d 'Load the program ID from the ELF file FILE' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l rpc -d 'Ask the server whose URL is in FILE instead' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l timeout -d 'Give up on an answer after TIME' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l owner -d 'Count what KEY and its token accounts gain' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l only -d 'Write only these kinds of record' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l allow-loss -d 'Pass on bundles that lose or fail, too'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l logs -d 'Print what became of each bundle on standard error'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l force -d 'Overwrite an output file that exists'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l follow -d 'Keep reading a file that is still being written'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l check -d 'Read and verify everything, write nothing'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -s v -l verbose -d 'Say more about what is being done'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand help; and not __fish_seen_subcommand_from check simulate help" -f -a "check" -d 'Checks bundles by the rules of a block engine'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand help; and not __fish_seen_subcommand_from check simulate help" -f -a "simulate" -d 'Runs bundles before they cost, and passes on those that do not lose'
complete -c mev-bundle -n "__fish_mev_bundle_using_subcommand help; and not __fish_seen_subcommand_from check simulate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
