complete -c mev-send -s o -l output -d 'Write to FILE instead of standard output' -r -F
complete -c mev-send -s f -l format -d 'What to write: records, or a view of them' -r -f -a "bin\t'Records'
text\t'One line a record'
csv\t'Comma-separated values'
json\t'One JSON object a line'
parquet\t'A Parquet file of one kind of record'
pcap\t'A capture in pcap form (mev-capture only)'"
complete -c mev-send -s n -l limit -d 'Stop after N records were written' -r
complete -c mev-send -l duration -d 'Stop a live source after TIME, such as 500ms, 10s or 2m' -r
complete -c mev-send -l only -d 'Write only these kinds of record' -r
complete -c mev-send -l progress -d 'Show a progress bar on standard error' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mev-send -l metrics -d 'Serve counters as Prometheus text over HTTP at ADDR' -r
complete -c mev-send -l schema -d 'Print the layout of what the tool reads and writes, and exit' -r -f -a "table\t'For people'
numpy\t'numpy dtypes'
json\t'For programs'
arrow\t'Arrow\'s JSON schema'"
complete -c mev-send -l url -d 'Send to the block engine at URL' -r
complete -c mev-send -l timeout -d 'Wait no longer than TIME for an answer, such as 500ms or 5s' -r
complete -c mev-send -l auth-file -d 'Send the text in FILE as the header x-jito-auth' -r -F
complete -c mev-send -l tpu-peer -d 'Send to ADDRESS:PORT, whoever leads' -r
complete -c mev-send -l leaders -d 'Read who leads which slot' -r -F
complete -c mev-send -l epoch-start -d 'First slot of the epoch of --leaders' -r
complete -c mev-send -l nodes -d 'Read where leaders listen' -r -F
complete -c mev-send -l leader-rpc -d 'Ask the RPC node whose URL is in FILE for slot, leaders and nodes' -r -F
complete -c mev-send -l identity -d 'Connect as the key pair in FILE' -r -F
complete -c mev-send -l fanout -d 'Send to N leaders: the current one and those that follow' -r
complete -c mev-send -l congestion -d 'Fit the rate to the path by cubic or bbr' -r -f -a "cubic\t''
bbr\t''"
complete -c mev-send -l initial-window -d 'Bytes on their way before the first acknowledgement' -r
complete -c mev-send -l handshake-timeout -d 'Give up a QUIC handshake after TIME' -r
complete -c mev-send -l force -d 'Overwrite an output file that exists'
complete -c mev-send -l human -d 'Show times as dates and lamports as SOL (text and csv)'
complete -c mev-send -l follow -d 'Keep reading a file that is still being written'
complete -c mev-send -l in-place -d 'Write the output file in its place, without FILE.part'
complete -c mev-send -l give-pages -d 'Give pages to a pipe instead of copying into it'
complete -c mev-send -l check -d 'Read and verify everything, write nothing'
complete -c mev-send -l stats -d 'Print counters and latency percentiles at the end'
complete -c mev-send -s q -l quiet -d 'Print no warnings and no progress'
complete -c mev-send -s v -l verbose -d 'Say more about what is being done'
complete -c mev-send -l live -d 'Really send'
complete -c mev-send -l tpu -d 'Send each transaction to the leaders, over QUIC'
complete -c mev-send -l zero-rtt -d 'Send before the handshake is done (0-RTT), to peers that allow it'
complete -c mev-send -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mev-send -s V -l version -d 'Print version'
