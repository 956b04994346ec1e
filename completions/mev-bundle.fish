complete -c mev-bundle -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-bundle -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-bundle -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-bundle -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-bundle -l only -d 'Write only these kinds of record' -r
complete -c mev-bundle -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-bundle -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-bundle -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-bundle -l accounts -d 'Take pools and mints from the accounts in FILE' -r -F
complete -c mev-bundle -l keypair -d 'Sign with the key pair in FILE, which pays and owns the token accounts' -r -F
complete -c mev-bundle -l payer -d 'Make unsigned bundles for the public key KEY' -r
complete -c mev-bundle -l blockhash -d 'Use this blockhash instead of the newest one in the stream' -r
complete -c mev-bundle -l tip-account -d 'Pay tips to this one of the eight Jito tip accounts' -r
complete -c mev-bundle -l max-tip-lamports -d 'Refuse an opportunity whose tip is above N lamports' -r
complete -c mev-bundle -l max-age -d 'Refuse an opportunity that the stream\'s complete slots have left N slots behind' -r
complete -c mev-bundle -l force -d 'Overwrite an output file that exists'
complete -c mev-bundle -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-bundle -l follow -d 'Keep reading a file that is still being written'
complete -c mev-bundle -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-bundle -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-bundle -l check -d 'Read and verify everything, write nothing'
complete -c mev-bundle -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-bundle -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-bundle -s v -l verbose -d 'Say more about what is being done'
complete -c mev-bundle -l create-atas -d 'Create the payer\'s token accounts that do not exist, first in each transaction'
complete -c mev-bundle -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-bundle -s V -l version -d 'Print version'
