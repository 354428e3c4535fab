// Owning and filling documents.
#include "Elements.hpp"

#include <cstdlib>
#include <memory>
#include <new>

using namespace simdjson;

// A parsed document, in one block with its tape and its strings.
struct kser_json_document {
    dom::document document;

    // They are no allocations of their own.
    ~kser_json_document() {
        document.tape.release();
        document.string_buf.release();
    }
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

// What parsing takes, of one thread: no lock, and buffers that are warm. They take about 20 bytes for each byte of text.
class Bench {
    static constexpr size_t largest = 64 << 10;

    // A copy of the text with room behind it, for callers whose buffer has none.
    std::unique_ptr<uint8_t[]> scratch;
    size_t scratch_size = 0;

    const uint8_t *padded(const uint8_t *bytes, size_t count) noexcept {
        if (scratch_size < count + SIMDJSON_PADDING) {
            size_t size = rounded(count + SIMDJSON_PADDING);
            scratch.reset(new (std::nothrow) uint8_t[size]);
            scratch_size = scratch ? size : 0;
            if (!scratch) return nullptr;
        }
        std::memcpy(scratch.get(), bytes, count);
        std::memset(scratch.get() + count, 0, SIMDJSON_PADDING);
        return scratch.get();
    }

    dom::parser parser;

public:
    dom::document parsed;

    bool parse(const uint8_t *bytes, size_t count, size_t spare, size_t depth) noexcept {
        // simdjson refuses the depth that it is given.
        size_t room = parser.capacity(), refused_depth = depth + 1;
        if ((room < count || parser.max_depth() != refused_depth)
            && parser.allocate(room < count ? rounded(count) : room, refused_depth) != SUCCESS)
            return false;
        if (parsed.capacity() < count && parsed.allocate(rounded(count)) != SUCCESS) return false;
        if (spare < SIMDJSON_PADDING) bytes = padded(bytes, count);
        return bytes && parser.parse_into_document(parsed, bytes, count, false).error() == SUCCESS;
    }

    // Keeps no room for texts that are rare.
    void rest() noexcept {
        if (parser.capacity() > largest) {
            parser = dom::parser();
            parsed = dom::document();
        }
        if (scratch_size > largest) {
            scratch.reset();
            scratch_size = 0;
        }
    }
};

thread_local Bench bench;

// A copy of what was parsed that is no larger than it has to be.
kser_json_document *compact(const dom::document &parsed, size_t count) noexcept {
    // The first word of the tape says where it ends: https://github.com/simdjson/simdjson/blob/master/doc/tape.md
    size_t words = parsed.tape[0] & 0xFFFFFFFFFFFFFF;
    // Each string takes its text, a length and a zero: five bytes for three at least of the text.
    size_t strings = 5 * count / 3 + SIMDJSON_PADDING;
    size_t start = sizeof(kser_json_document);
    static_assert(sizeof(kser_json_document) % alignof(uint64_t) == 0, "the tape follows");
    void *block = std::malloc(start + words * sizeof(uint64_t) + strings);
    if (!block) return nullptr;
    auto *copy = new (block) kser_json_document;
    auto *tape = reinterpret_cast<uint64_t *>(static_cast<uint8_t *>(block) + start);
    auto *text = reinterpret_cast<uint8_t *>(tape + words);
    std::memcpy(tape, parsed.tape.get(), words * sizeof(uint64_t));
    std::memcpy(text, parsed.string_buf.get(), strings);
    copy->document.tape.reset(tape);
    copy->document.string_buf.reset(text);
    return copy;
}

}  // namespace

void kser_json_document_free(kser_json_document *document) {
    document->~kser_json_document();
    std::free(document);
}

kser_json_document *kser_json_parse(
    const uint8_t *bytes, size_t count, size_t spare, size_t depth, kser_json_element *root) {
    // Newer versions of simdjson skip a byte order mark; kser's peers refuse it.
    if (count == 0 || starts_with_bom(bytes, count) || has_lone_surrogate(bytes, count)) return nullptr;
    kser_json_document *document = nullptr;
    if (bench.parse(bytes, count, spare, depth)) document = compact(bench.parsed, count);
    bench.rest();
    if (document) *root = as<kser_json_element>(document->document.root());
    return document;
}
