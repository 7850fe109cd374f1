#include "flow/read/json_objects.hpp"

#include <utility>

namespace hw::flow::read {
namespace {
namespace objects_detail {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// `{"records":[` and nothing else: the frame around the records of Azure's files.
bool opens_records(std::string_view text) {
    for (const std::string_view token : {"{", "\"records\"", ":", "["}) {
        while (!text.empty() && is_blank(text.front())) { text.remove_prefix(1); }
        if (!text.starts_with(token)) { return false; }
        text.remove_prefix(token.size());
    }
    return text.empty();
}

class Cutter {
public:
    Cutter(const ObjectSink& sink, ReadReport& report) : sink_(sink), report_(report) {}

    void take(char c) {
        if (depth_ == 0) {
            outside(c);
        } else {
            inside(c);
        }
        ++offset_;
    }

    void finish() {
        if (depth_ == 0) { return; }
        report_.skip("JSON object cut off", began_);
        report_.damaged_tail = true;
    }

private:
    void begin() {
        depth_ = 1;
        began_ = offset_;
        text_.assign(1, '{');
        before_ = '{';
        in_string_ = escaped_ = too_long_ = stray_ = false;
    }

    void outside(char c) {
        if (c == '{') { return begin(); }
        if (is_blank(c) || c == ',' || c == '[' || c == ']' || c == '}') {
            stray_ = stray_ && c != '\n';
            return;
        }
        if (offset_ < 3 && (c == '\xef' || c == '\xbb' || c == '\xbf')) { return; }  // a byte order mark
        if (!std::exchange(stray_, true)) { report_.skip("not a JSON object", offset_); }
    }

    void give_up(std::string_view reason) {
        report_.skip(reason, began_);
        depth_ = 0;
    }

    void inside(char c) {
        if (in_string_) {
            if (c == '\n') { return give_up("JSON object with an unfinished text"); }
            if (!escaped_ && c == '"') { in_string_ = false; }
            escaped_ = !escaped_ && c == '\\';
            return keep(c);
        }
        if (is_blank(c)) { return keep(c); }
        if (c == '{' && before_ != ':' && before_ != ',' && before_ != '[') {
            give_up("JSON object that another one begins in");
            return begin();
        }
        keep(c);
        before_ = c;
        if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
            if (c == '[' && depth_ == 2 && opens_records(text_)) { depth_ = 0; }
        } else if (c == '}' || c == ']') {
            if (--depth_ == 0) { end(); }
        }
    }

    void keep(char c) {
        if (too_long_) { return; }
        if (text_.size() >= kLongestObject) {
            too_long_ = true;
            report_.skip("JSON object longer than 16 MiB", began_);
            text_.clear();
            text_.shrink_to_fit();
            return;
        }
        text_.push_back(c);
    }

    void end() {
        if (too_long_) { return; }
        const std::size_t size = text_.size();
        text_.resize(size + kObjectPadding);
        sink_(std::string_view(text_).substr(0, size), began_);
    }

    const ObjectSink& sink_;
    ReadReport& report_;
    std::string text_;
    std::uint64_t offset_ = 0;
    std::uint64_t began_ = 0;  ///< Of the object.
    std::size_t depth_ = 0;
    char before_ = 0;          ///< The last byte outside strings and blanks.
    bool in_string_ = false;
    bool escaped_ = false;
    bool too_long_ = false;
    bool stray_ = false;       ///< In a run of bytes that belong to no object.
};

}  // namespace objects_detail
}  // namespace

Result<void> read_json_objects(ByteSource& bytes, const ObjectSink& sink, const std::stop_token& stop, ReadReport& report) {
    objects_detail::Cutter cutter(sink, report);
    while (!stop.stop_requested()) {
        HW_TRY(const auto block, bytes.next());
        if (block.empty()) {
            cutter.finish();
            break;
        }
        for (const std::byte b : block) { cutter.take(static_cast<char>(b)); }
    }
    return {};
}

}  // namespace hw::flow::read
