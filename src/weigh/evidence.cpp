#include "weigh/evidence.hpp"

namespace hw::weigh {

std::string_view to_string(ItemKind kind) {
    switch (kind) {
        case ItemKind::observation: return "observation";
        case ItemKind::inference: return "inference";
        case ItemKind::claim: return "claim";
        case ItemKind::denial: return "denial";
        case ItemKind::request: return "request";
    }
    return "?";
}

char to_letter(Grade grade) { return static_cast<char>('A' + static_cast<int>(grade)); }

std::vector<Action> usual_actions() {
    return {{.id = "ask-partner", .words = "ask a partner", .hypothesis = {}, .threshold = 0.20},
            {.id = "share-finding", .words = "share a finding", .hypothesis = {}, .threshold = 0.55},
            {.id = "block-host", .words = "block a host", .hypothesis = {}, .threshold = 0.80},
            {.id = "name-party", .words = "name a party in public", .hypothesis = {}, .threshold = 0.95}};
}

}  // namespace hw::weigh
