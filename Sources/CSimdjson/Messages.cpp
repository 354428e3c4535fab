// Reading kser's messages, each object in one walk.
#include "Elements.hpp"

#include <string_view>

using namespace simdjson;

namespace {

// The size is known here, so that this is a comparison of words rather than a call.
template <size_t size> bool is(std::string_view key, const char (&name)[size]) noexcept {
    return key.size() == size - 1 && std::memcmp(key.data(), name, size - 1) == 0;
}

kser_json_text text(std::string_view text) noexcept {
    return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

bool read(dom::element value, kser_json_text *field) noexcept {
    std::string_view string;
    if (value.get(string) != SUCCESS) return false;
    *field = text(string);
    return true;
}

// An object, of which only one that has fields counts as there.
bool read(dom::element value, kser_json_element *field, bool *is_there) noexcept {
    dom::object object;
    if (value.get(object) != SUCCESS) return false;
    *field = as<kser_json_element>(value);
    *is_there = object.size() > 0;
    return true;
}

bool read(dom::element value, kser_json_result *result) noexcept {
    enum { uuid = 1, retcode = 2, output = 4, errors = 8, required = 15 };
    int found = 0;
    dom::object object;
    if (value.get(object) != SUCCESS) return false;
    for (auto [key, value] : object) {
        if (is(key, "uuid")) {
            if (!read(value, &result->uuid)) return false;
            found |= uuid;
        } else if (is(key, "retcode")) {
            if (value.get(result->retcode) != SUCCESS) return false;
            found |= retcode;
        } else if (is(key, "stdout")) {
            if (!read(value, &result->output)) return false;
            found |= output;
        } else if (is(key, "stderr")) {
            if (!read(value, &result->errors)) return false;
            found |= errors;
        } else if (is(key, "retval")) {
            if (!read(value, &result->retval, &result->has_retval)) return false;
        }
    }
    return found == required;
}

}  // namespace

bool kser_json_read_message(kser_json_element root, kser_json_message *message) {
    enum { uuid = 1, entrypoint = 2, required = 3 };
    int found = 0;
    dom::object object;
    if (element(root).get(object) != SUCCESS) return false;
    *message = {};
    for (auto [key, value] : object) {
        if (is(key, "uuid")) {
            if (!read(value, &message->uuid)) return false;
            found |= uuid;
        } else if (is(key, "entrypoint")) {
            if (!read(value, &message->entrypoint)) return false;
            found |= entrypoint;
        } else if (is(key, "params")) {
            if (!read(value, &message->params, &message->has_params)) return false;
        } else if (is(key, "result")) {
            message->result = {};
            if (!read(value, &message->result)) return false;
            message->has_result = true;
        } else if (is(key, "metadata")) {
            if (!read(value, &message->metadata, &message->has_metadata)) return false;
        }
    }
    return found == required;
}
