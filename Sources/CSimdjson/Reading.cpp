// Reading a parsed document.
#include "Elements.hpp"

using namespace simdjson;

namespace {

// size() stops at 0xFFFFFF.
template <class Container> size_t count_of(const Container &container) noexcept {
    size_t count = container.size();
    if (count < 0xFFFFFF) return count;
    count = 0;
    for (auto place = container.begin(), end = container.end(); place != end; ++place) count++;
    return count;
}

bool has_key(const dom::object::iterator &field, const uint8_t *key, size_t count) noexcept {
    if (field.key_length() != count) return false;
    return kser_json_equal({reinterpret_cast<const uint8_t *>(field.key_c_str()), count}, key, count);
}

}  // namespace

kser_json_type kser_json_type_of(kser_json_element bytes) {
    switch (element(bytes).type()) {
    case dom::element_type::BOOL: return kser_json_type_bool;
    case dom::element_type::INT64: return kser_json_type_int64;
    case dom::element_type::UINT64: return kser_json_type_uint64;
    case dom::element_type::DOUBLE: return kser_json_type_double;
    case dom::element_type::STRING: return kser_json_type_string;
    case dom::element_type::ARRAY: return kser_json_type_array;
    case dom::element_type::OBJECT: return kser_json_type_object;
    default: return kser_json_type_null;
    }
}

bool kser_json_bool(kser_json_element bytes, bool *value) { return get(bytes, value); }
bool kser_json_int64(kser_json_element bytes, int64_t *value) { return get(bytes, value); }
bool kser_json_uint64(kser_json_element bytes, uint64_t *value) { return get(bytes, value); }
bool kser_json_double(kser_json_element bytes, double *value) { return get(bytes, value); }

bool kser_json_string(kser_json_element bytes, kser_json_text *value) {
    std::string_view text;
    if (!get(bytes, &text)) return false;
    *value = {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
    return true;
}

size_t kser_json_count(kser_json_element bytes) {
    dom::array array;
    dom::object object;
    if (element(bytes).get(object) == SUCCESS) return count_of(object);
    if (element(bytes).get(array) == SUCCESS) return count_of(array);
    return 0;
}

kser_json_cursor kser_json_start(kser_json_element bytes) {
    dom::array array;
    dom::object object;
    if (element(bytes).get(object) == SUCCESS)
        return {as<kser_json_element>(object.begin()), as<kser_json_element>(object.end())};
    if (element(bytes).get(array) == SUCCESS)
        return {as<kser_json_element>(array.begin()), as<kser_json_element>(array.end())};
    return {bytes, bytes};
}

bool kser_json_next_element(kser_json_cursor *cursor, kser_json_element *value) {
    auto next = as<dom::array::iterator>(cursor->next);
    if (!(next != as<dom::array::iterator>(cursor->end))) return false;
    *value = as<kser_json_element>(*next);
    cursor->next = as<kser_json_element>(++next);
    return true;
}

bool kser_json_next_field(kser_json_cursor *cursor, kser_json_text *key, kser_json_element *value) {
    auto next = as<dom::object::iterator>(cursor->next);
    if (!(next != as<dom::object::iterator>(cursor->end))) return false;
    auto text = next.key();
    *key = {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
    *value = as<kser_json_element>(next.value());
    cursor->next = as<kser_json_element>(++next);
    return true;
}

bool kser_json_find(kser_json_element bytes, const uint8_t *key, size_t count, kser_json_element *value) {
    dom::object object;
    if (element(bytes).get(object) != SUCCESS) return false;
    bool found = false;
    for (auto field = object.begin(), end = object.end(); field != end; ++field) {
        if (has_key(field, key, count)) {
            *value = as<kser_json_element>(field.value());
            found = true;
        }
    }
    return found;
}

size_t kser_json_count_keys(kser_json_element bytes) {
    dom::object object;
    if (element(bytes).get(object) != SUCCESS) return 0;
    size_t keys = 0;
    for (auto field = object.begin(), end = object.end(); field != end; ++field) {
        auto earlier = object.begin();
        while (earlier != field && earlier.key() != field.key()) ++earlier;
        if (!(earlier != field)) keys++;
    }
    return keys;
}
