// simdjson's types cross the border as bytes: they are trivially copyable and small.
#ifndef KSER_ELEMENTS_HPP
#define KSER_ELEMENTS_HPP

#include "CSimdjson.h"

#include <cstring>
#include <simdjson.h>
#include <type_traits>

template <class To, class From> inline To as(const From &from) noexcept {
    static_assert(sizeof(To) == sizeof(From), "simdjson's elements are 16 bytes");
    static_assert(std::is_trivially_copyable<From>::value && std::is_trivially_copyable<To>::value, "bytes will do");
    To to;
    std::memcpy(static_cast<void *>(&to), static_cast<const void *>(&from), sizeof to);
    return to;
}

inline simdjson::dom::element element(kser_json_element bytes) noexcept { return as<simdjson::dom::element>(bytes); }

template <class T> inline bool get(kser_json_element bytes, T *value) noexcept {
    return element(bytes).get<T>().get(*value) == simdjson::SUCCESS;
}

#endif
