complete -c mev-parse -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-parse -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-parse -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-parse -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-parse -l only -d 'Write only these kinds of record' -r
complete -c mev-parse -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-parse -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-parse -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-parse -l order -d 'Write rows by slot or as they arrive' -r -f -a "slot\t'By slot, batch, transaction and instruction'
arrival\t'As batches become whole'"
complete -c mev-parse -l verify -d 'What to check: merkle, leader, poh, or none' -r -f -a "merkle\t'Merkle proofs of shreds'
leader\t'Leader signatures of shreds'
poh\t'Proof of history of entries'
none\t'Nothing'"
complete -c mev-parse -l leader -d 'Key that must have signed the shreds, base58' -r
complete -c mev-parse -l leaders -d 'Read who leads which slot' -r -F
complete -c mev-parse -l epoch-start -d 'First slot of the epoch of --leaders' -r
complete -c mev-parse -l accounts -d 'Read accounts: the pools\' state before the packets' -r -F
complete -c mev-parse -l pools -d 'Read the directory of the toolkit\'s own feed' -r -F
complete -c mev-parse -l shred-version -d 'Accept only shreds of this version' -r
complete -c mev-parse -l slots-max -d 'Keep at most N slots in flight' -r
complete -c mev-parse -l shreds-max -d 'Store at most N shreds' -r
complete -c mev-parse -l threads -d 'Use N threads: one reads, and slots are written by all' -r
complete -c mev-parse -l force -d 'Overwrite an output file that exists'
complete -c mev-parse -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-parse -l follow -d 'Keep reading a file that is still being written'
complete -c mev-parse -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-parse -l check -d 'Read and verify everything, write nothing'
complete -c mev-parse -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-parse -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-parse -s v -l verbose -d 'Say more about what is being done'
complete -c mev-parse -l eager -d 'Write a transaction\'s rows before its batch is whole'
complete -c mev-parse -l no-rows -d 'Leave instructions alone: write slots and no rows'
complete -c mev-parse -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-parse -s V -l version -d 'Print version'
