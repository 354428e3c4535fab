// Owning and filling documents.
#include "CSimdjson.h"

#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

using namespace simdjson;

struct kser_json_document {
    dom::parser parser;
    // A copy of the text with room behind it, for callers whose buffer has none.
    std::unique_ptr<uint8_t[]> scratch;
    size_t scratch_size = 0;
    // The next one at rest.
    kser_json_document *next = nullptr;
};

namespace {

// Room for the next texts too, so that ever longer ones do not allocate each time.
size_t rounded(size_t count) noexcept {
    size_t size = 1024;
    while (size < count) size *= 2;
    return size;
}

bool starts_with_bom(const uint8_t *bytes, size_t count) noexcept {
    return count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF;
}

int hex(uint8_t digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// The code unit of a \uXXXX escape that starts here, or -1.
int escaped_unit(const uint8_t *bytes, const uint8_t *end) noexcept {
    if (end - bytes < 6 || bytes[0] != '\\' || bytes[1] != 'u') return -1;
    int unit = 0;
    for (int i = 2; i < 6; i++) {
        if (hex(bytes[i]) < 0) return -1;
        unit = unit * 16 + hex(bytes[i]);
    }
    return unit;
}

// Whether half a surrogate pair is escaped. simdjson 3.0 lets the second half alone pass.
bool has_lone_surrogate(const uint8_t *bytes, size_t count) noexcept {
    const uint8_t *end = bytes + count;
    while (bytes < end) {
        bytes = static_cast<const uint8_t *>(std::memchr(bytes, '\\', static_cast<size_t>(end - bytes)));
        if (!bytes) return false;
        int unit = escaped_unit(bytes, end);
        if (unit < 0) {
            bytes += 2;
        } else if (unit < 0xD800 || unit > 0xDFFF) {
            bytes += 6;
        } else {
            int low = escaped_unit(bytes + 6, end);
            if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return true;
            bytes += 12;
        }
    }
    return false;
}

// Documents at rest, of one thread: most are given back where they were taken, and none waits for a lock. A document's
// buffers take about 16 bytes for each byte of text that they have room for.
class Shelf {
    static constexpr size_t largest = 32 << 10;
    static constexpr size_t bound = 64 << 10;

    kser_json_document *first = nullptr;
    size_t capacity = 0;

public:
    ~Shelf() {
        while (kser_json_document *document = take()) delete document;
        capacity = bound;
    }

    kser_json_document *take() noexcept {
        kser_json_document *document = first;
        if (!document) return nullptr;
        first = document->next;
        capacity -= document->parser.capacity();
        return document;
    }

    bool give(kser_json_document *document) noexcept {
        size_t room = document->parser.capacity();
        if (room > largest || capacity + room > bound) return false;
        document->next = first;
        first = document;
        capacity += room;
        return true;
    }
};

thread_local Shelf at_rest;

}  // namespace

kser_json_document *kser_json_document_take(void) {
    if (kser_json_document *document = at_rest.take()) return document;
    return new (std::nothrow) kser_json_document;
}

void kser_json_document_give(kser_json_document *document) {
    if (!at_rest.give(document)) delete document;
}

bool kser_json_parse(
    kser_json_document *document,
    const uint8_t *bytes,
    size_t count,
    size_t spare,
    size_t depth,
    kser_json_element *root) {
    // Newer versions of simdjson skip a byte order mark; kser's peers refuse it.
    if (count == 0 || starts_with_bom(bytes, count) || has_lone_surrogate(bytes, count)) return false;
    // simdjson refuses the depth that it is given.
    size_t room = document->parser.capacity(), refused_depth = depth + 1;
    if ((room < count || document->parser.max_depth() != refused_depth)
        && document->parser.allocate(room < count ? rounded(count) : room, refused_depth) != SUCCESS)
        return false;
    if (spare < SIMDJSON_PADDING) {
        if (document->scratch_size < count + SIMDJSON_PADDING) {
            size_t size = rounded(count + SIMDJSON_PADDING);
            document->scratch.reset(new (std::nothrow) uint8_t[size]);
            document->scratch_size = document->scratch ? size : 0;
            if (!document->scratch) return false;
        }
        std::memcpy(document->scratch.get(), bytes, count);
        std::memset(document->scratch.get() + count, 0, SIMDJSON_PADDING);
        bytes = document->scratch.get();
    }
    dom::element parsed;
    if (document->parser.parse(bytes, count, false).get(parsed) != SUCCESS) return false;
    static_assert(sizeof parsed == sizeof *root, "simdjson's elements are 16 bytes");
    std::memcpy(static_cast<void *>(root), static_cast<const void *>(&parsed), sizeof parsed);
    return true;
}
