#include "app/options.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace hw::app {
namespace {
namespace option_table_rows {


constexpr std::array kOptions{
    OptionSpec{.name = "victim", .kind = ValueKind::endpoint, .metavar = "ADDR[:PORT]", .required = true, .configurable = false,
               .verbs = " trace ",
               .help = "The attacked host, and the port where the attack touched it if that is known."},
    OptionSpec{.name = "peer", .kind = ValueKind::address, .metavar = "ADDR", .configurable = false, .verbs = " trace ",
               .help = "The address at the other end of the attack flow. Without it every flow of the victim is a start."},
    OptionSpec{.name = "peer", .kind = ValueKind::address, .metavar = "ADDR", .configurable = false, .verbs = " relay-test ",
               .help = "Judge only this address, as a client and as a server. Without it, every address that lies beyond the sensor."},
    OptionSpec{.name = "at", .kind = ValueKind::time, .metavar = "TIME[/TIME]", .configurable = false, .verbs = " trace ",
               .help = "A moment of the attack, or a stretch of time (FROM/TO, FROM/+15m) in which it passed, by the clock of the "
                       "victim's observer."},
    OptionSpec{.name = "alert", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " trace ",
               .help = "Suricata's EVE log: start at the flow of its gravest, then earliest alert that agrees with --victim, --peer and --at."},
    OptionSpec{.name = "host", .kind = ValueKind::addresses, .metavar = "ADDR[,ADDR...]", .required = true, .configurable = false,
               .verbs = " link ",
               .help = "The relay: a proxy, a NAT, a jump host. Several addresses are one box."},
    OptionSpec{.name = "host", .kind = ValueKind::addresses, .metavar = "ADDR[,ADDR...]", .configurable = false, .verbs = " flows ",
               .help = "Show only the flows of these hosts."},
    OptionSpec{.name = "filter", .kind = ValueKind::text, .metavar = "EXPR", .configurable = false, .verbs = " flows ",
               .help = "Show only flows that pass this expression (docs/flows.md), such as 'host 192.0.2.5 and port 22'. The same as an EXPR before "
                       "the inputs, but never taken for an input."},
    OptionSpec{.name = "from", .kind = ValueKind::time, .metavar = "TIME[/TIME]", .configurable = false, .verbs = " flows ",
               .help = "Show only flows that were still alive at this moment or later; or, of a stretch of time, those that touch it."},
    OptionSpec{.name = "to", .kind = ValueKind::time, .metavar = "TIME", .configurable = false, .verbs = " flows ",
               .help = "Show only flows that had begun by this moment."},
    OptionSpec{.name = "by", .kind = ValueKind::text, .metavar = "FIELD[,FIELD...]", .configurable = false, .verbs = " flows ",
               .help = "Add flows up by these: host (either end), client, server, port (the server's), client_port, protocol, observer; addresses also "
                       "by prefix, as host/24 or host/24/48."},
    OptionSpec{.name = "top", .kind = ValueKind::count, .metavar = "N", .fallback = "20", .configurable = false, .verbs = " flows ",
               .help = "With --by: how many groups to show, the greatest first; 0: all. Without: show only so many flows."},
    OptionSpec{.name = "order", .kind = ValueKind::choice, .metavar = "WHAT", .fallback = "bytes", .choices = "bytes|packets|flows", .configurable = false,
               .verbs = " flows ",
               .help = "What is greatest: with --by of the groups, with --every the bars and the picture; without, the flows are listed in this order "
                       "instead of by time."},
    OptionSpec{.name = "every", .kind = ValueKind::duration, .metavar = "TIME", .configurable = false, .verbs = " flows ",
               .help = "Show the traffic over time in steps of this width instead of the flows."},
    OptionSpec{.name = "once", .kind = ValueKind::flag, .configurable = false, .verbs = " flows ",
               .help = "Count a conversation once that several observers saw (two routers on its way, captures on both ends): by the one that counted "
                       "most. Without, each observer's flow counts."},
    OptionSpec{.name = "svg", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " flows ",
               .help = "With --every: also draw the series to FILE."},
    OptionSpec{.name = "svg", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " watch ",
               .help = "Also draw visibility over time to FILE, with the events marked."},
    OptionSpec{.name = "svg", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " map ",
               .help = "Also draw the tree of the ways to the target to FILE, with their shares."},
    OptionSpec{.name = "against", .kind = ValueKind::file, .metavar = "INPUT...", .repeatable = true, .takes_several = true, .required = true,
               .configurable = false, .verbs = " match ",
               .help = "The other observer's captures and logs: all that follow, up to the next option."},
    OptionSpec{.name = "rib", .kind = ValueKind::file, .metavar = "FILE...", .repeatable = true, .takes_several = true, .configurable = false, .verbs = " map watch ",
               .help = "BGP tables and updates in MRT form; a folder means all of its files, - standard input."},
    OptionSpec{.name = "rib", .kind = ValueKind::file, .metavar = "FILE...", .repeatable = true, .takes_several = true, .configurable = false, .verbs = " flows trace ",
               .help = "BGP tables in MRT form, for who announces an address: 'as' in filters, and whom to ask."},
    OptionSpec{.name = "registry", .kind = ValueKind::file, .metavar = "FILE...", .repeatable = true, .takes_several = true, .configurable = false, .verbs = " map watch flows trace ",
               .help = "Whose addresses and ASes are: registries' statistics (delegated-apnic-latest), tables asn,name,cc, and tables in the MaxMind DB form; plain or packed, a folder means all of its files."},
    OptionSpec{.name = "relationships", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " map watch ",
               .help = "What ASes are to each other, in CAIDA's serial-1 form, plain or packed: for choke points, likely ways and leaks. map infers what the file lacks from the tables' own ways, all of it where none is given."},
    OptionSpec{.name = "from", .kind = ValueKind::asns, .metavar = "AS[,AS...]", .repeatable = true, .configurable = false, .verbs = " map ",
               .help = "Show the ways from these ASes to the target: as routers told them, and where none was told, those that are likely, with their chances."},
    OptionSpec{.name = "without", .kind = ValueKind::asns, .metavar = "AS[,AS...]", .repeatable = true, .configurable = false, .verbs = " map ",
               .help = "Show what it would do to the ways if these ASes were gone, all together."},
    OptionSpec{.name = "updates", .kind = ValueKind::file, .metavar = "FILE...", .repeatable = true, .takes_several = true, .configurable = false, .verbs = " watch ",
               .help = "BGP updates in MRT form, in the order of time; a folder means all of its files by name, - standard input."},
    OptionSpec{.name = "bmp", .kind = ValueKind::endpoint, .metavar = "ADDR:PORT", .configurable = true, .verbs = " watch ",
               .help = "Listen here for routers that tell their routes by BMP (RFC 7854), until told to stop (Ctrl-C); nothing is ever sent to them. Port 0 takes one that is free."},
    OptionSpec{.name = "rtr", .kind = ValueKind::endpoint, .metavar = "ADDR[:PORT]", .verbs = " map watch ",
               .help = "Ask this RPKI cache by RTR (RFC 8210, TCP, port 323 by default) whether origins are authorised; by what it says now, however old the routes are."},
    OptionSpec{.name = "router", .kind = ValueKind::prefix, .metavar = "ADDR|PREFIX", .repeatable = true, .verbs = " watch ",
               .help = "With --bmp: routers that may connect; others are turned away. Required to listen beyond loopback. May be given several times."},
    OptionSpec{.name = "learn", .kind = ValueKind::duration, .metavar = "TIME", .verbs = " watch ",
               .help = "Take what is announced in the first TIME of the updates for usual: origins, parts, upstreams, ways. Default: 0 with --rib, else 1h."},
    OptionSpec{.name = "routers", .kind = ValueKind::count, .metavar = "N", .fallback = "3", .verbs = " watch ",
               .help = "How many routers must follow an odd announcement before it is told; all, where there are fewer."},
    OptionSpec{.name = "state", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " watch ",
               .help = "Keep in FILE what is known at the end and which files were read; where it is there, go on from it: what was read is not read again."},
    OptionSpec{.name = "follow", .kind = ValueKind::flag, .configurable = false, .verbs = " watch ",
               .help = "Go on with updates that arrive in the folders until told to stop (Ctrl-C); with --format ndjson each event is told when it is found."},
    OptionSpec{.name = "for", .kind = ValueKind::duration, .metavar = "TIME", .configurable = false, .verbs = " watch ",
               .help = "With --follow or --bmp: stop after this long."},
    OptionSpec{.name = "series", .kind = ValueKind::flag, .configurable = false, .verbs = " watch ",
               .help = "In JSON, also the course of each target's visibility over time."},
    OptionSpec{.name = "dump", .kind = ValueKind::flag, .configurable = false, .verbs = " map ",
               .help = "Print the entries in the form of bgpdump -m."},
    OptionSpec{.name = "top", .kind = ValueKind::count, .metavar = "N", .fallback = "3", .verbs = " link ",
               .help = "How many candidates to show for each inflow; 0 shows all that were scored."},
    OptionSpec{.name = "top", .kind = ValueKind::count, .metavar = "N", .fallback = "3", .verbs = " match ",
               .help = "How many partners to show for each flow; 0 shows all."},
    OptionSpec{.name = "top", .kind = ValueKind::count, .metavar = "N", .fallback = "30", .verbs = " map ",
               .help = "How many of each list to show, the greatest first; 0: all."},
    OptionSpec{.name = "unclaimed", .kind = ValueKind::flag, .configurable = false, .verbs = " match ",
               .help = "Also show each flow's best partners that chance may well explain."},
    OptionSpec{.name = "max-offset", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "5s", .verbs = " match ",
               .help = "The largest difference of the two observers' clocks that is searched where no flow was seen by both."},
    OptionSpec{.name = "epoch", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "5m", .verbs = " match ",
               .help = "The stretch of time that flows are compared over at once; 20s to 30m."},
    OptionSpec{.name = "covers", .kind = ValueKind::coverage, .metavar = "[OBSERVER=]PREFIX", .repeatable = true,
               .verbs = " trace link match ",
               .help = "Your word that OBSERVER (or every observer that holds a flow of them) sees all traffic of the hosts in "
                       "PREFIX. Only a host that is covered can be called a source. May be given several times."},
    OptionSpec{.name = "box", .kind = ValueKind::addresses, .metavar = "ADDR,ADDR[,ADDR...]", .repeatable = true, .verbs = " trace ",
               .help = "These addresses are one host (a NAT, a proxy with an inner and an outer side), timed by one clock. May be given "
                       "several times."},
    OptionSpec{.name = "follow", .kind = ValueKind::flag, .configurable = false, .verbs = " trace ",
               .help = "The inputs are captures that are still being written (or - for a pipe): trace them again and again, tell when the "
                       "leading trail changes, and give the whole result when stopped (Ctrl-C)."},
    OptionSpec{.name = "interface", .kind = ValueKind::text, .metavar = "IF", .configurable = false, .verbs = " trace ",
               .help = "With --follow: listen on this network interface of this machine (needs the right to capture; nothing is sent)."},
    OptionSpec{.name = "every", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "10s", .verbs = " trace ",
               .help = "With --follow: how often to look. A search that takes long is made less often."},
    OptionSpec{.name = "for", .kind = ValueKind::duration, .metavar = "TIME", .configurable = false, .verbs = " trace ",
               .help = "With --follow or --bmp: stop after this long."},
    OptionSpec{.name = "html", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " trace demo ",
               .help = "Also write a report to FILE: one self-contained page, without scripts."},
    OptionSpec{.name = "note", .kind = ValueKind::text, .metavar = "TEXT", .verbs = " trace match import map watch demo ",
               .help = "A banner over the result, for instance \"laboratory traffic\". A file called SYNTHETIC or truth.json beside "
                       "the inputs sets one by itself."},
    OptionSpec{.name = "max-trails", .kind = ValueKind::count, .metavar = "N", .fallback = "5", .verbs = " trace demo ",
               .help = "How many trails to keep, the most probable first."},
    OptionSpec{.name = "max-lag", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "6s", .verbs = " trace link match calibrate demo ",
               .help = "The longest delay inside a relay that is searched."},
    OptionSpec{.name = "profile", .kind = ValueKind::file, .metavar = "FILE", .verbs = " trace link ",
               .help = "How unrelated flows look in your own traffic, as headwater calibrate learnt it; p goes by it. Without it, and for kinds "
                       "of traffic that it knows too little of, by the profile that ships with headwater."},
    OptionSpec{.name = "output", .letter = 'o', .kind = ValueKind::file, .metavar = "FILE", .required = true, .configurable = false,
               .verbs = " calibrate ",
               .help = "Where to write the profile."},
    OptionSpec{.name = "pairs", .kind = ValueKind::count, .metavar = "N", .fallback = "200000", .verbs = " calibrate ",
               .help = "How many pairs of flows to compare, about."},
    OptionSpec{.name = "without", .kind = ValueKind::endpoint, .metavar = "ADDR[:PORT]", .repeatable = true, .configurable = false,
               .verbs = " calibrate ",
               .help = "Leave out the flows of this host, or of this service on it: one known to be bad. May be given several times."},
    OptionSpec{.name = "store", .kind = ValueKind::folder, .metavar = "DIR", .required = true, .verbs = " import ",
               .help = "The store to fill: a folder, made where there is none yet; or a ClickHouse database, clickhouse://user@host:8123/database, "
                       "with the shards of a cluster clickhouse://user@host1,host2/database?cluster=NAME (the password is taken from "
                       "HEADWATER_CLICKHOUSE_PASSWORD)."},
    OptionSpec{.name = "store", .kind = ValueKind::folder, .metavar = "DIR", .required = true, .verbs = " collect ",
               .help = "The store to fill: a folder, made where there is none yet."},
    OptionSpec{.name = "udp", .kind = ValueKind::endpoint, .metavar = "ADDR:PORT", .repeatable = true, .verbs = " collect ",
               .help = "Listen here for NetFlow v5, v7, v9, IPFIX and sFlow v5, told apart by content; 0.0.0.0 and [::] stand for all addresses "
                       "of this machine. May be given several times."},
    OptionSpec{.name = "interface", .kind = ValueKind::text, .metavar = "IF", .repeatable = true, .verbs = " collect ",
               .help = "Capture the packets of this network interface (needs the right to, CAP_NET_RAW; nothing is sent). May be given several times."},
    OptionSpec{.name = "exporter", .kind = ValueKind::prefix, .metavar = "ADDR|PREFIX", .repeatable = true, .verbs = " collect ",
               .help = "Believe datagrams from here; those of others are counted and dropped unread. Required to listen beyond loopback. May be "
                       "given several times."},
    OptionSpec{.name = "seal-every", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "60s", .verbs = " collect ",
               .help = "How long what has come may stay out of the store; a full segment is sealed earlier. 100ms to 1h."},
    OptionSpec{.name = "no-write-ahead", .kind = ValueKind::flag, .verbs = " collect ",
               .help = "Do not write down what has come before it is sealed: a collector that is killed loses it."},
    OptionSpec{.name = "max-rate", .kind = ValueKind::count, .metavar = "N", .fallback = "100000", .verbs = " collect ",
               .help = "Datagrams a second that one exporter may send; more are dropped and counted. 0: any number."},
    OptionSpec{.name = "receivers", .kind = ValueKind::count, .metavar = "N", .fallback = "1", .verbs = " collect ",
               .help = "Sockets, each with threads of its own, that share each --udp address by sender."},
    OptionSpec{.name = "receive-buffer", .kind = ValueKind::count, .metavar = "BYTES", .fallback = "33554432", .verbs = " collect ",
               .help = "The buffer asked of the kernel for each socket; what it gave is told."},
    OptionSpec{.name = "observer", .kind = ValueKind::text, .metavar = "NAME", .fallback = "collect", .verbs = " collect ",
               .help = "What the observers' names begin with; an exporter is NAME/ADDRESS."},
    OptionSpec{.name = "for", .kind = ValueKind::duration, .metavar = "TIME", .configurable = false, .verbs = " collect ",
               .help = "Stop after this long. Without it, when told to (Ctrl-C, SIGTERM)."},
    OptionSpec{.name = "store", .kind = ValueKind::folder, .metavar = "DIR", .configurable = false, .verbs = " flows ",
               .help = "A store made by import, or a ClickHouse database; the same as naming it among the inputs."},
    OptionSpec{.name = "repair", .kind = ValueKind::flag, .configurable = false, .verbs = " store ",
               .help = "With check: write damaged segments anew with the flows that can be read; the damaged files are kept beside them, as FILE.damaged."},
    OptionSpec{.name = "max-age", .kind = ValueKind::duration, .metavar = "TIME", .configurable = false, .verbs = " store ",
               .help = "With retain: drop what ended longer ago than this."},
    OptionSpec{.name = "max-bytes", .kind = ValueKind::count, .metavar = "N", .configurable = false, .verbs = " store ",
               .help = "With retain: drop the oldest until the store is no larger than this."},
    OptionSpec{.name = "of-observer", .kind = ValueKind::text, .metavar = "NAME", .repeatable = true, .configurable = false, .verbs = " store ",
               .help = "With retain: drop flows of this observer only, all of them where neither age nor size is given. May be given several times."},
    OptionSpec{.name = "idle-timeout", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "5m", .verbs = " trace link match calibrate relay-test flows import collect demo ",
               .help = "The silence that ends a flow."},
    OptionSpec{.name = "active-timeout", .kind = ValueKind::duration, .metavar = "TIME", .fallback = "7d", .verbs = " trace link match calibrate relay-test flows import demo ",
               .help = "The age at which a flow's record is cut and a new one begun."},
    OptionSpec{.name = "case", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " trace map watch relay-test ",
               .help = "Also file what was found in this case, with the inputs' hashes and what it takes to run it again."},
    OptionSpec{.name = "here", .kind = ValueKind::text, .metavar = "LAT,LON[,KM]", .verbs = " relay-test ",
               .help = "With --case: where the observer stands, in degrees, and how many kilometres that may be off; so that distances exclude places."},
    OptionSpec{.name = "title", .kind = ValueKind::text, .metavar = "TEXT", .configurable = false, .verbs = " case ",
               .help = "With new: what the case is called. Default: the file's name."},
    OptionSpec{.name = "tlp", .kind = ValueKind::choice, .metavar = "LABEL", .choices = "clear|green|amber|amber+strict|red", .configurable = false, .verbs = " case ",
               .help = "TLP 2.0. With new: of all that is filed without a label of its own (default amber). With add: of what is added. With export: what is stricter stays here."},
    OptionSpec{.name = "key", .kind = ValueKind::file, .metavar = "FILE", .verbs = " case weigh trace map watch relay-test ",
               .help = "The key that signs what is filed in a case. Default: ~/.config/headwater/signing.key, made by the first case new."},
    OptionSpec{.name = "name", .kind = ValueKind::text, .metavar = "TEXT", .verbs = " case ",
               .help = "With new and trust: what the owner of the key is called in the case."},
    OptionSpec{.name = "note", .kind = ValueKind::text, .metavar = "TEXT", .repeatable = true, .configurable = false, .verbs = " case ",
               .help = "With add: file this note. May be given several times."},
    OptionSpec{.name = "reason", .kind = ValueKind::text, .metavar = "TEXT", .configurable = false, .verbs = " case ",
               .help = "With retract: why it is taken back; it stays in the log, with the reason."},
    OptionSpec{.name = "kind", .kind = ValueKind::text, .metavar = "KIND", .configurable = false, .verbs = " case ",
               .help = "With show: list all objects of this kind (item, hypothesis, trail, ...)."},
    OptionSpec{.name = "since", .kind = ValueKind::text, .metavar = "HEAD", .configurable = false, .verbs = " case ",
               .help = "With verify: a head that was verified before, 12:0a1b...; only what came after is read."},
    OptionSpec{.name = "founder", .kind = ValueKind::text, .metavar = "KEY", .configurable = false, .verbs = " case ",
               .help = "With verify: the public key that must have founded the case, as its owner told it."},
    OptionSpec{.name = "no-rerun", .kind = ValueKind::flag, .configurable = false, .verbs = " case ",
               .help = "With verify: do not run filed analyses again from their inputs."},
    OptionSpec{.name = "attack", .kind = ValueKind::file, .metavar = "BUNDLE", .verbs = " weigh ",
               .help = "MITRE ATT&CK as a STIX 2.1 bundle (enterprise-attack.json, plain or packed): match techniques that were found with its groups."},
    OptionSpec{.name = "record", .kind = ValueKind::file, .metavar = "CASE", .repeatable = true, .verbs = " weigh ",
               .help = "Another case whose outcome is known: how its sources' items turned out counts for the same sources here. May be given several times."},
    OptionSpec{.name = "publish", .kind = ValueKind::flag, .configurable = false, .verbs = " weigh ",
               .help = "Put the assessment on record in the case, signed: 'headwater weigh score' holds it against what turned out."},
    OptionSpec{.name = "explain", .kind = ValueKind::flag, .configurable = false, .verbs = " weigh ",
               .help = "Print how every number came about, to be checked by hand."},
    OptionSpec{.name = "html", .kind = ValueKind::file, .metavar = "FILE", .configurable = false, .verbs = " weigh ",
               .help = "Also write the assessment as one HTML page."},
    OptionSpec{.name = "dir", .kind = ValueKind::folder, .metavar = "DIR", .verbs = " demo ",
               .help = "The folder with the example's captures; searched from the working directory upward when absent."},
    OptionSpec{.name = "origin", .kind = ValueKind::flag, .configurable = false, .verbs = " config ",
               .help = "Also show where each value came from."},
    OptionSpec{.name = "man", .kind = ValueKind::flag, .configurable = false, .verbs = " help ",
               .help = "Print the manual page (roff) instead."},
    OptionSpec{.name = "format", .kind = ValueKind::choice, .metavar = "FORMAT", .fallback = "table",
               .choices = "table|json|ndjson|csv", .verbs = " trace link match calibrate relay-test import collect store map watch case weigh demo config version ",
               .help = "How the result is written: for reading, one JSON object, one JSON object a line, or comma-separated."},
    OptionSpec{.name = "format", .kind = ValueKind::choice, .metavar = "FORMAT", .fallback = "table",
               .choices = "table|json|ndjson|csv|nfdump", .verbs = " flows ",
               .help = "How the result is written: for reading, one JSON object, one JSON object a line, comma-separated, or flows as nfdump lists "
                       "those of both directions (times in UTC)."},
    OptionSpec{.name = "json", .kind = ValueKind::flag, .configurable = false, .verbs = " trace link match calibrate relay-test flows import collect store map watch case weigh demo config version ",
               .help = "The same as --format json."},
    OptionSpec{.name = "quiet", .letter = 'q', .kind = ValueKind::flag, .help = "Nothing on standard error but errors."},
    OptionSpec{.name = "color", .kind = ValueKind::choice, .metavar = "WHEN", .fallback = "auto", .choices = "auto|always|never",
               .help = "Colour in tables. auto: on a terminal, unless NO_COLOR is set."},
    OptionSpec{.name = "no-progress", .kind = ValueKind::flag, .verbs = " trace link match calibrate relay-test flows import collect map watch case demo ",
               .help = "No progress line, also on a terminal."},
    OptionSpec{.name = "seed", .kind = ValueKind::count, .metavar = "N", .fallback = "1", .verbs = " trace link match calibrate demo ",
               .help = "Seed of the calibration's random draws. The same seed and inputs give the same bytes."},
    OptionSpec{.name = "threads", .kind = ValueKind::count, .metavar = "N", .fallback = "0", .verbs = " trace link match calibrate relay-test flows import demo ",
               .help = "Threads to work with; 0: one for each core. The result does not depend on it."},
    OptionSpec{.name = "config", .kind = ValueKind::file, .metavar = "FILE", .configurable = false,
               .help = "Read this configuration file instead of the usual ones."},
    OptionSpec{.name = "help", .letter = 'h', .kind = ValueKind::flag, .configurable = false, .help = "Show help and end."},
};

constexpr std::array kVerbs{
    VerbSpec{.name = "trace",
             .operands = "INPUT...",
             .summary = "follow an attack backward through relays",
             .description =
                 "Starts at the flows of the victim and walks upstream: at each host it asks which of the host's other flows "
                 "carried the orders for this one, by the rhythm of the traffic, and says how sure the answer is.\n\n"
                 "A trail ends at a source only where all traffic of the last host was seen and nothing fits upstream. Where "
                 "its other side was not seen the ending is relay-upstream-unseen; where nothing decides, lost.",
             .examples = {{{"headwater trace victim.pcap relay-*.pcap --victim 203.0.113.20:22",
                           "follow the session on port 22 of the victim back through the captures given"},
                          {"headwater trace logs/ --victim 203.0.113.20 --peer 198.51.100.9 --at 2014-11-24T10:00Z --html report.html",
                           "start at the flow with this peer at this moment, and write a report"}}},
             .operands_required = true},
    VerbSpec{.name = "link",
             .operands = "INPUT...",
             .summary = "pair the in- and outflows of a relay",
             .description = "For every flow that came into the relay, the flows that left it and carried the same conversation on, best "
                            "first. Works on captures and, from totals alone, on connection logs.",
             .examples = {{{"headwater link proxy.pcap --host 192.0.2.5", "who spoke to whom through this proxy"},
                          {"headwater link conn.log.gz --host 192.0.2.5,198.51.100.5 --top 1 --json",
                           "a box with an inner and an outer address, from a Zeek log, the best candidate each"}}},
             .operands_required = true},
    VerbSpec{.name = "match",
             .operands = "INPUT...",
             .summary = "find flows of one observer that go on at another",
             .description =
                 "Two observers see two pieces of a way whose middle nobody sees. For every flow of the one, finds the flow of the "
                 "other that carries the same conversation on, by the rhythm of the traffic, and says how often chance would do the same.\n\n"
                 "The observers' clocks need not agree: the difference is told by flows that both saw, else by the traffic itself.",
             .examples = {{{"headwater match provider.pcap --against victim.pcap", "which of the provider's flows reach the victim's network"},
                          {"headwater match border/*.pcap --against office/ --json", "several captures a side, for a script"}}},
             .operands_required = true},
    VerbSpec{.name = "relay-test",
             .operands = "INPUT...",
             .summary = "tell from one side whether an address is the origin or a relay",
             .description =
                 "Compares two round trips: to the machine whose TCP answers, and to whoever answers what only the far end can, a TLS or "
                 "SSH handshake, an HTTP/2 or WebSocket ping, a keystroke. Where the second takes longer than the first, by more than "
                 "noise or a slow client explains, the address is a relay.\n\n"
                 "Three handshakes are needed. The bound on the distance holds whatever the verdict: light in fibre goes 100 km a "
                 "millisecond of round trip. What could not be measured, and why, is in the result.",
             .examples = {{{"headwater relay-test server.pcap", "judge every client of a server from the server's own capture"},
                          {"headwater relay-test border.pcap.gz --peer 198.51.100.9 --json", "judge one address, with all figures"}}},
             .operands_required = true},
    VerbSpec{.name = "map",
             .operands = "[TARGET]",
             .summary = "whose an address, a prefix, an AS or a country is, and who carries its traffic",
             .description =
                 "Reads BGP tables and updates in MRT form (RFC 6396), plain or packed, and says what the ways to the target lead through: AS hegemony (the share of the "
                 "ways, by the voices of the routers that told the table, the highest and lowest tenth left out), the upstreams, and who announces the "
                 "prefixes. With --relationships also which ASes cut others off when they are taken out. With --registry it names ASes and says whose the target is, with each "
                 "piece of evidence and whether they agree; and a country (KE) can be asked for, which is its ASes and its registries' records, never a geolocation row.\n\n"
                 "With --dump it prints each route, withdrawal and change of a session on a line, in the form of bgpdump -m (headwater map --dump --rib updates/). What is malformed is "
                 "passed over and told on standard error with its place; routes whose attributes RFC 7606 has treated as withdrawn are shown as withdrawn.",
             .examples = {{{"headwater map AS64500 --rib rib.20141222.1600.bz2 --relationships 20141201.as-rel.txt", "upstreams, dependencies and choke points of an AS"},
                          {"headwater map KE --rib rib.bz2 --registry delegated-afrinic-latest as-names.csv", "a country: what it holds, and whom it depends on"}}}},
    VerbSpec{.name = "watch",
             .operands = "TARGET...",
             .summary = "outages, hijacks and leaks of a prefix, an AS, an operator or a country",
             .description =
                 "Reads BGP tables (what is usual) and updates (what happens) in MRT form and tells what befalls the target: outages with their onset, end and depth, routes that come and go "
                 "too often, announcements of its prefixes or parts of them by others, new upstreams, leaked ways (with --relationships), and sessions of the collector that "
                 "ended, which are no outages. With --bmp it listens for routers instead, or after the files.\n\n"
                 "A TARGET is a prefix, an AS, a country (KE, with --registry), or several of them under a name: \"an operator=AS64500,AS64501\". Each event comes with what was measured and with every "
                 "hypothesis that could explain it, how each stands to the figures, and none chosen: routes do not tell why.",
             .examples = {{{"headwater watch AS64500 --rib rib.20141222.0000.bz2 --updates updates/ --svg visibility.svg", "a day of an AS, drawn"},
                          {"headwater watch 192.0.2.0/24 \"carrier=AS64500,AS64501\" --updates updates/ --format ndjson", "a prefix and an operator, each event as it is found"}}}},
    VerbSpec{.name = "calibrate",
             .operands = "INPUT...",
             .summary = "learn how unrelated flows look in your traffic",
             .description =
                 "Compares flows of the inputs that cannot be two sides of one relay, since they are moved to other minutes, and writes down "
                 "how alike they look by accident, for each kind of traffic: a background profile. trace and link read it with --profile, and "
                 "the p that they give then holds for this network.\n\n"
                 "A day of ordinary captures of a few hosts is enough; relays among them do no harm.",
             .examples = {{{"headwater calibrate captures/ -o background.json", "learn from a folder of captures"},
                           {"headwater trace captures/ --victim 203.0.113.20:22 --profile background.json", "and trace by what was learnt"}}},
             .operands_required = true},
    VerbSpec{.name = "flows",
             .operands = "[EXPR] INPUT...",
             .summary = "list, filter and add up the flows of captures and logs",
             .description =
                 "Reads the inputs and lists their conversations in order of the first packet: all of them, or those that pass EXPR, an "
                 "expression in the manner of pcap and nfdump (host, net, port, proto, bytes, packets, duration, flags, observer, and, or, not, "
                 "in [...]; src is the client, dst the server). An argument that exists as a file is an input; the first one, where it does "
                 "not, may be EXPR.\n\n"
                 "--by adds them up, --every shows them over time. A window (--from, --to) takes every flow whose lifetime touches it.",
             .examples = {{{"headwater flows 'host 192.0.2.5 and dst port 22' captures/ --from 2014-11-24T10:00/+2h",
                            "SSH of one host in two hours"},
                           {"headwater flows 'bytes > 1M' logs/ --by client,port --top 10", "who moves most, over which service"}}},
             .operands_required = true},
    VerbSpec{.name = "import",
             .operands = "INPUT...",
             .summary = "read captures and logs into a store once, to be looked up often",
             .description = "Reads the inputs into a store, a folder that every verb takes where it takes files. All or nothing: what was not "
                            "finished when the program or the machine stopped is as if it had not begun. An input that the store has already, by "
                            "its content, is passed over.",
             .examples = {{{"headwater import captures/ --store flows.store", "read a folder of captures into a store"},
                           {"headwater import captures/ --store clickhouse://analyst@db.example/flows", "or into a database of an existing cluster"}}},
             .operands_required = true},
    VerbSpec{.name = "collect",
             .operands = "",
             .summary = "take in flow exports or packets as they come, into a store",
             .description = "Listens for NetFlow, IPFIX and sFlow, or captures packets, and seals what has come into the store once a minute; others may read "
                            "it meanwhile. Stopped (Ctrl-C, SIGTERM), it seals the rest and tells what came, from whom, and what got lost on the way: by "
                            "gaps in the exporters' numbers, in the kernel's buffer, in its own queue.\n\n"
                            "UDP senders can be forged: beyond loopback, --exporter says who is believed, and each has a share of memory and rate that others "
                            "cannot use up.",
             .examples = {{{"headwater collect --store flows.store --udp 0.0.0.0:2055 --exporter 192.0.2.0/24", "collect what the routers of a network export"},
                           {"headwater collect --store flows.store --interface eth0 --interface eth1", "or the packets of two interfaces of this machine"}}}},
    VerbSpec{.name = "store",
             .operands = "check|compact|retain DIR",
             .summary = "check a store, make it small, or drop what is old",
             .description = "check reads all of it and names every damaged piece, and with --repair saves what can be read; compact writes small segments together; retain drops whole "
                            "segments, the oldest first, or the flows of one observer. Others may read the store meanwhile.",
             .examples = {{{"headwater store check flows.store", "is every byte as it was written?"},
                           {"headwater store retain flows.store --max-age 90d", "keep three months"}}},
             .operands_required = true},
    VerbSpec{.name = "case",
             .operands = "new|add|show|log|verify|export|retract|trust FILE [WHAT...]",
             .summary = "keep an investigation: what was seen, said and decided, in a signed log",
             .description =
                 "A case is one file. 'new' begins it; 'add' files statements (TOML or JSON, docs/weigh.md), and any other file by its hash; 'show' "
                 "lists what there is, or objects by their ids; 'log' shows who filed what and when; 'retract' takes objects back, which stay in "
                 "the log; 'trust' lets another key sign; 'export' writes what may be shared; 'case key' prints your public key.\n\n"
                 "Nothing is ever changed in the log: each entry's hash covers all before it, and each append is signed. 'verify' computes all of it "
                 "again, runs filed analyses again from their inputs, and names the first entry that fails.",
             .examples = {{{"headwater case new intrusion.hwcase --title \"Mail server, 24 November\" --tlp amber", "begin a case"},
                           {"headwater case add intrusion.hwcase statements.toml capture.pcap", "file what was said, and which capture there is"}}}},
    VerbSpec{.name = "weigh",
             .operands = "CASE|STATEMENTS|score CASE...",
             .summary = "say what the evidence amounts to, how sure one can be, and for what it suffices",
             .description =
                 "A ledger that can be checked by hand: for each thing said or seen, how likely it is under each hypothesis, how good its source is, "
                 "and how easily it is forged. One origin counts once, however many repeat it; an inference adds nothing to what it rests on; none "
                 "of the hypotheses is always one of them.\n\n"
                 "It shows the range when the evidence is weighed otherwise, whether it suffices for each action and what is missing, and which open "
                 "question is most worth asking. docs/weigh.md explains the numbers and the form of statements.\n\n"
                 "'weigh score' scores what was published with --publish once the case's outcome is filed, and counts how its sources' items turned out.",
             .examples = {{{"headwater weigh intrusion.hwcase --html assessment.html", "the assessment, in the terminal and as a page"},
                           {"headwater weigh statements.toml --explain", "how every number came about"}}},
             .operands_required = true},
    VerbSpec{.name = "demo",
             .operands = "",
             .summary = "trace the worked example",
             .description = "Traces the recording in examples/captures/three-relays: an attack session through a chain of relays, real "
                            "programs on a laboratory network.",
             .examples = {{{"headwater demo", "trace it and print the trail"},
                          {"headwater demo --html report.html", "and write the report with the picture"}}}},
    VerbSpec{.name = "config",
             .operands = "show",
             .summary = "show the settings in force",
             .description = "Every setting that can come from the environment or a configuration file, with its value.",
             .examples = {{{"headwater config show", "the values in force"},
                          {"headwater config show --origin", "and where each came from"}}}},
    VerbSpec{.name = "completion",
             .operands = "SHELL",
             .summary = "print completions for bash, zsh or fish",
             .description = "Prints a script for the shell named.",
             .examples = {{{"headwater completion bash > /etc/bash_completion.d/headwater", "for everybody on this machine"},
                          {"headwater completion fish > ~/.config/fish/completions/headwater.fish", "for yourself, in fish"}}}},
    VerbSpec{.name = "version",
             .operands = "",
             .summary = "show the version and what it reads and writes",
             .description = "The version, the compiler that built it and the formats that it reads and writes.",
             .examples = {{{"headwater version", "for reading"}, {"headwater version --json", "for a script"}}}},
    VerbSpec{.name = "help",
             .operands = "[TOPIC]",
             .summary = "explain a verb, or one of exit-codes, formats, environment",
             .description = "Without a topic, an overview.",
             .examples = {{{"headwater help trace", "all options of a verb"}, {"headwater help exit-codes", "what the exit codes mean"}}}},
};

}  // namespace option_table_rows
}  // namespace

std::span<const OptionSpec> option_table() { return option_table_rows::kOptions; }
std::span<const VerbSpec> verb_table() { return option_table_rows::kVerbs; }

const VerbSpec* find_verb(std::string_view name) {
    const auto found = std::ranges::find(option_table_rows::kVerbs, name, &VerbSpec::name);
    return found == option_table_rows::kVerbs.end() ? nullptr : &*found;
}

bool applies(const OptionSpec& option, std::string_view verb) {
    if (option.verbs.empty()) { return true; }
    return option.verbs.find(" " + std::string(verb) + " ") != std::string_view::npos;
}

std::vector<const OptionSpec*> options_of(std::string_view verb) {
    std::vector<const OptionSpec*> found;
    for (const OptionSpec& option : option_table()) {
        if (applies(option, verb)) { found.push_back(&option); }
    }
    return found;
}

std::string environment_name(const OptionSpec& option) {
    std::string name = "HEADWATER_";
    for (const char c : option.name) {
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

std::string config_key(const OptionSpec& option) {
    std::string key(option.name);
    std::ranges::replace(key, '-', '_');
    return key;
}

std::vector<std::string_view> choices_of(const OptionSpec& option) {
    std::vector<std::string_view> parts;
    std::string_view rest = option.choices;
    while (!rest.empty()) {
        const auto bar = rest.find('|');
        parts.push_back(rest.substr(0, bar));
        rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
    }
    return parts;
}

}  // namespace hw::app
