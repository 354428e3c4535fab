// A small C face of simdjson's DOM parser, for Swift. No function here throws or prints.
#ifndef KSER_CSIMDJSON_H
#define KSER_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parsed document, about as large as its text. Reading it changes nothing, so any thread may.
typedef struct kser_json_document kser_json_document;

/// A value in a parsed document: simdjson's `dom::element`, opaque.
typedef struct {
    uint64_t a, b;
} kser_json_element;

/// Unescaped, valid UTF-8 inside a parsed document, not ended by a zero.
typedef struct {
    const uint8_t *bytes;
    size_t count;
} kser_json_text;

/// A place among the elements of a list or the fields of an object.
typedef struct {
    kser_json_element next, end;
} kser_json_cursor;

typedef enum __attribute__((enum_extensibility(closed))) : uint8_t {
    kser_json_type_null,
    kser_json_type_bool,
    kser_json_type_int64,
    kser_json_type_uint64,
    kser_json_type_double,
    kser_json_type_string,
    kser_json_type_array,
    kser_json_type_object,
} kser_json_type;

/// Parses and fully validates a text. NULL for whatever simdjson refuses, and when memory is short; the text is not needed
/// afterwards. Each thread keeps bounded buffers for its next texts.
///
/// `spare` says how many allocated bytes, of any content, follow the text: enough of them save a copy. `depth` says how
/// deep objects and lists may nest in all.
kser_json_document *kser_json_parse(
    const uint8_t *bytes, size_t count, size_t spare, size_t depth, kser_json_element *root);
/// Ends the use of a document.
void kser_json_document_free(kser_json_document *document);

kser_json_type kser_json_type_of(kser_json_element element);

// Each is false when the element is of another type. Any number is a double, rounded if need be.
bool kser_json_bool(kser_json_element element, bool *value);
bool kser_json_int64(kser_json_element element, int64_t *value);
bool kser_json_uint64(kser_json_element element, uint64_t *value);
bool kser_json_double(kser_json_element element, double *value);
bool kser_json_string(kser_json_element element, kser_json_text *value);

/// How many elements a list or fields an object has, duplicates counted. Constant time.
size_t kser_json_count(kser_json_element container);
/// The place before the first element of a list or field of an object.
kser_json_cursor kser_json_start(kser_json_element container);
/// The next element of a list; false at its end.
bool kser_json_next_element(kser_json_cursor *cursor, kser_json_element *value);
/// The next field of an object; false at its end.
bool kser_json_next_field(kser_json_cursor *cursor, kser_json_text *key, kser_json_element *value);
/// The value of the last field with this key. Looks at every field.
bool kser_json_find(kser_json_element object, const uint8_t *key, size_t count, kser_json_element *value);
/// How many different keys an object has. Compares each with each: for small objects.
size_t kser_json_count_keys(kser_json_element object);

/// Whether a text is these bytes.
static inline bool kser_json_equal(kser_json_text text, const uint8_t *bytes, size_t count) {
    if (text.count != count) return false;
    if (count == 0) return true;
    // Most texts differ in the first byte; the short rest is not worth a call.
    if (text.bytes[0] != bytes[0]) return false;
    if (count > 16) return __builtin_memcmp(text.bytes, bytes, count) == 0;
    for (size_t index = 1; index < count; index++) {
        if (text.bytes[index] != bytes[index]) return false;
    }
    return true;
}

/// A result as kser's peers write it.
typedef struct {
    kser_json_text uuid, output, errors;
    int64_t retcode;
    kser_json_element retval;
    /// Whether it is an object with fields.
    bool has_retval;
} kser_json_result;

/// A message as kser's peers write it.
typedef struct {
    kser_json_text uuid, entrypoint;
    kser_json_element params, metadata;
    kser_json_result result;
    /// Whether each is an object with fields.
    bool has_params, has_metadata;
    bool has_result;
} kser_json_message;

/// Reads a message. False for what is out of the ordinary: a field of another type, a result that lacks a field.
bool kser_json_read_message(kser_json_element root, kser_json_message *message);

#ifdef __cplusplus
}
#endif
#endif
