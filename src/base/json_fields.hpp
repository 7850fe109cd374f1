#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"
#include "base/time.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hw {

/// Takes a JSON object of known members apart. The first thing wrong is kept and told by `done`; until then, what is missing or wrong reads
/// as empty. A member that nobody asked for is wrong too: a typing error must not pass for a default.
class JsonFields {
public:
    /// `where` is what errors call the object: `case.toml: item s09`.
    JsonFields(const JsonValue& object, std::string where);

    [[nodiscard]] bool has(std::string_view name) const { return object_->find(name) != nullptr; }
    /// Text; of at most 64 KiB.
    [[nodiscard]] std::string text(std::string_view name);
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] std::optional<double> number(std::string_view name, double least, double most);
    [[nodiscard]] double number_or(std::string_view name, double least, double most, double otherwise) { return number(name, least, most).value_or(otherwise); }
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);
    [[nodiscard]] std::optional<Time> time(std::string_view name);
    /// Numbers by name, each within bounds.
    [[nodiscard]] std::map<std::string, double> numbers(std::string_view name, double least, double most);
    /// The member as it is, to be taken apart elsewhere; nothing where it is missing.
    [[nodiscard]] const JsonValue* raw(std::string_view name);
    /// The objects of an array.
    [[nodiscard]] std::vector<const JsonValue*> objects(std::string_view name);
    /// One of these words; the first where it is missing.
    [[nodiscard]] std::size_t choice(std::string_view name, std::vector<std::string_view> words);

    /// Keeps `what` as the error, unless there is one already.
    void wrong(std::string what, std::string hint = {});
    /// The first error, or a member that nobody asked for.
    [[nodiscard]] Result<void> done();
    [[nodiscard]] const std::string& where() const { return where_; }

private:
    const JsonValue* take(std::string_view name);
    const JsonValue* object_;
    std::string where_;
    std::set<std::string, std::less<>> known_;
    std::optional<Error> error_;
};

}  // namespace hw
