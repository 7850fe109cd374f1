#include "flow/timings.hpp"

namespace hw::flow {

std::string_view to_string(FarMethod method) {
    switch (method) {
        case FarMethod::tls12_key_exchange: return "tls12-key-exchange";
        case FarMethod::tls12_finished: return "tls12-finished";
        case FarMethod::tls12_resumed: return "tls12-resumed";
        case FarMethod::tls13_finished: return "tls13-finished";
        case FarMethod::tls_retry: return "tls-retry";
        case FarMethod::tls_hello: return "tls-hello";
        case FarMethod::ssh_key_init: return "ssh-key-init";
        case FarMethod::ssh_new_keys: return "ssh-new-keys";
        case FarMethod::ssh_key_reply: return "ssh-key-reply";
        case FarMethod::ssh_log_in: return "ssh-log-in";
        case FarMethod::ssh_echo: return "ssh-echo";
        case FarMethod::http2_settings: return "http2-settings";
        case FarMethod::http2_ping: return "http2-ping";
        case FarMethod::websocket_ping: return "websocket-ping";
    }
    return "?";
}

std::string_view to_string(Unmeasured reason) {
    switch (reason) {
        case Unmeasured::not_understood: return "protocol-not-understood";
        case Unmeasured::beginning_unseen: return "beginning-unseen";
        case Unmeasured::unfinished: return "ended-before-an-answer";
        case Unmeasured::early_data: return "tls-early-data";
        case Unmeasured::unprompted: return "answer-unprompted";
        case Unmeasured::disturbed: return "loss-or-retransmission";
        case Unmeasured::cut_off: return "snap-length";
        case Unmeasured::no_packets: return "no-packets";
        case Unmeasured::not_tcp: return "not-tcp";
    }
    return "?";
}

}  // namespace hw::flow
