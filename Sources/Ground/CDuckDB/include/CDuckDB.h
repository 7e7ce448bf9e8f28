// A C face on DuckDB for Swift: databases whose "s3://" files come from callbacks, queries that stream chunks, and
// vectors as plain memory. No C++ exception crosses it; what fails says so in a `cduck_failure`.
#ifndef CDUCKDB_H
#define CDUCKDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define CDUCK_NULLABLE _Nullable
#define CDUCK_NONNULL _Nonnull
#else
#define CDUCK_NULLABLE
#define CDUCK_NONNULL
#endif

// --- failures ---------------------------------------------------------------------------------------------------

// What went wrong. Zeroed by the caller; after a failure its texts are allocated: cduck_failure_clear frees them.
typedef struct cduck_failure {
  // The engine's name for the kind of error ("Binder", "Parser", "IO", "INTERRUPT" …).
  char *CDUCK_NULLABLE kind;
  char *CDUCK_NULLABLE message;
  // Byte offset into the SQL text, -1 when there is none.
  int64_t position;
} cduck_failure;

void cduck_failure_clear(cduck_failure *failure);

// --- the lake's files -------------------------------------------------------------------------------------------

// How a lake callback says what went wrong.
typedef enum cduck_lake_status {
  CDUCK_LAKE_OK = 0,
  CDUCK_LAKE_NOT_FOUND = 1,
  CDUCK_LAKE_DENIED = 2,
  CDUCK_LAKE_FAILED = 3,
} cduck_lake_status;

typedef struct cduck_lake_file_info {
  int64_t size;
  // Microseconds since 1970.
  int64_t modified;
  // The version's tag, copied by the callee; at most 127 bytes and a zero.
  char tag[128];
} cduck_lake_file_info;

// Receives a text: bytes need not end with zero.
typedef void (*cduck_text_sink)(void *sink, const char *bytes, size_t count);
// Receives one file of a listing; false ends the listing.
typedef bool (*cduck_file_sink)(void *sink, const char *path, size_t count, const cduck_lake_file_info *info);

// The operations behind "s3://". Called on the engine's threads, several at once; a `session` is the pointer given
// to cduck_connect. A status other than OK may be explained through `explain(sink, …)`.
typedef struct cduck_lake {
  cduck_lake_status (*open)(
    void *session, const char *path, size_t count, void *CDUCK_NULLABLE *CDUCK_NONNULL file,
    cduck_lake_file_info *info, cduck_text_sink explain, void *sink);
  // Reads up to `count` bytes at `offset`: the number read, fewer only at the end; -1 on failure.
  int64_t (*read)(
    void *file, void *buffer, int64_t count, int64_t offset, cduck_text_sink explain, void *sink);
  void (*close)(void *file);
  cduck_lake_status (*stat)(
    void *session, const char *path, size_t count, cduck_lake_file_info *info, cduck_text_sink explain, void *sink);
  // Files that match a pattern (*, **, ?, […]), in order of their paths.
  cduck_lake_status (*glob)(
    void *session, const char *pattern, size_t count, cduck_file_sink visit, void *visitSink,
    cduck_text_sink explain, void *sink);
  cduck_lake_status (*create)(
    void *session, const char *path, size_t count, void *CDUCK_NULLABLE *CDUCK_NONNULL writer,
    cduck_text_sink explain, void *sink);
  cduck_lake_status (*write)(void *writer, const void *bytes, int64_t count, cduck_text_sink explain, void *sink);
  // The file is complete; it becomes visible only when the session publishes. Frees `writer`.
  cduck_lake_status (*finish)(void *writer, cduck_text_sink explain, void *sink);
  // Takes back a file that this session wrote and has not published.
  cduck_lake_status (*discard)(
    void *session, const char *path, size_t count, cduck_text_sink explain, void *sink);
  // The engine holds the session no longer.
  void (*release)(void *session);
} cduck_lake;

// --- databases --------------------------------------------------------------------------------------------------

typedef struct cduck_database cduck_database;
typedef struct cduck_connection cduck_connection;

typedef struct cduck_options {
  // Where what does not fit in memory goes; created when first needed.
  const char *temporary_folder;
  int64_t memory_bytes;
  int64_t temporary_bytes;
  int32_t threads;
  // A database file that is kept, and its name in SQL; NULL for a database that lives in memory only. Its folder must
  // exist.
  const char *CDUCK_NULLABLE file;
  const char *CDUCK_NULLABLE file_name;
  // Encrypts the file and its log (AES-256-GCM).
  const char *CDUCK_NULLABLE file_key;
} cduck_options;

const char *cduck_version(void);

// Opens a database in memory, and attaches the file when there is one. `lake` is copied. Until cduck_lock it may load extensions and change settings.
cduck_database *CDUCK_NULLABLE cduck_open(
  const cduck_options *options, const cduck_lake *lake, cduck_failure *failure);
void cduck_close(cduck_database *database);

// Runs trusted statements (settings, macros, LOAD) and throws their results away.
bool cduck_run(cduck_database *database, const char *sql, size_t count, cduck_failure *failure);
// Makes in the attached file, which is new, what another database file holds: schemas, sequences, macros, tables with
// their rows. The other one is only read, must have no log beside it, and was made under the same name in SQL. `key`
// is what it is encrypted with. Before cduck_lock only.
bool cduck_fill(
  cduck_database *database, const char *path, const char *CDUCK_NULLABLE key, cduck_failure *failure);
// From now on no statement reaches a local file, loads code, attaches a database or changes a setting.
bool cduck_lock(cduck_database *database, cduck_failure *failure);

// Sets how much memory the instance may take, and gives back what is above it. Fails, and changes nothing, while
// statements hold more.
bool cduck_limit_memory(cduck_database *database, int64_t bytes, cduck_failure *failure);

// Moves what the file's log holds into the file. Fails while transactions that write are open.
bool cduck_checkpoint(cduck_database *database, cduck_failure *failure);
// While it is held, no checkpoint changes the file: its log and then the file may be copied, in this order.
typedef struct cduck_hold cduck_hold;
cduck_hold *CDUCK_NULLABLE cduck_hold_checkpoints(cduck_database *database, cduck_failure *failure);
void cduck_hold_free(cduck_hold *hold);

// --- values, types, vectors -------------------------------------------------------------------------------------

typedef enum cduck_value_kind {
  CDUCK_VALUE_NULL = 0,
  CDUCK_VALUE_BOOL = 1,
  CDUCK_VALUE_INT64 = 2,
  CDUCK_VALUE_DOUBLE = 3,
  CDUCK_VALUE_TEXT = 4,
  CDUCK_VALUE_BLOB = 5,
  CDUCK_VALUE_DATE = 6,         // days since 1970
  CDUCK_VALUE_TIMESTAMP = 7,    // microseconds since 1970
  CDUCK_VALUE_TIMESTAMP_TZ = 8, // microseconds since 1970, UTC
  CDUCK_VALUE_UNTYPED = 9,      // text that becomes what the statement expects there
} cduck_value_kind;

// A statement's parameter.
typedef struct cduck_value {
  cduck_value_kind kind;
  int64_t integer;
  double real;
  const char *CDUCK_NULLABLE bytes;
  size_t count;
} cduck_value;

// DuckDB's LogicalTypeId, unchanged: see `EngineType`.
typedef struct cduck_type cduck_type;
int32_t cduck_type_id(const cduck_type *type);
// JSON, for example; NULL for a type without an alias.
const char *CDUCK_NULLABLE cduck_type_alias(const cduck_type *type);
void cduck_type_decimal(const cduck_type *type, int32_t *width, int32_t *scale);
// Children of LIST, ARRAY, MAP (key and value), STRUCT, UNION (without the tag).
size_t cduck_type_child_count(const cduck_type *type);
const cduck_type *CDUCK_NULLABLE cduck_type_child(const cduck_type *type, size_t index);
const char *CDUCK_NULLABLE cduck_type_child_name(const cduck_type *type, size_t index);
// The number of values of an ENUM, and one of them.
size_t cduck_type_enum_count(const cduck_type *type);
const char *CDUCK_NULLABLE cduck_type_enum_value(const cduck_type *type, size_t index, size_t *count);
int64_t cduck_type_array_size(const cduck_type *type);

typedef struct cduck_vector cduck_vector;
// The values, laid out as DuckDB lays out a flat vector of the type.
void *CDUCK_NULLABLE cduck_vector_data(cduck_vector *vector);
// One bit per row, set when there is a value; NULL when every row has one.
uint64_t *CDUCK_NULLABLE cduck_vector_validity(cduck_vector *vector);
// The vector of all elements of a LIST, ARRAY or MAP (then of STRUCTs with key and value), and their number.
cduck_vector *CDUCK_NULLABLE cduck_vector_elements(cduck_vector *vector, size_t *count);
cduck_vector *CDUCK_NULLABLE cduck_vector_field(cduck_vector *vector, size_t index);
const cduck_type *cduck_vector_type(const cduck_vector *vector);

typedef struct cduck_chunk cduck_chunk;
size_t cduck_chunk_rows(const cduck_chunk *chunk);
size_t cduck_chunk_columns(const cduck_chunk *chunk);
cduck_vector *CDUCK_NULLABLE cduck_chunk_vector(cduck_chunk *chunk, size_t column);
void cduck_chunk_free(cduck_chunk *chunk);

// --- queries ----------------------------------------------------------------------------------------------------

typedef struct cduck_pending cduck_pending;
typedef struct cduck_result cduck_result;

typedef enum cduck_policy {
  // SELECT, EXPLAIN, COPY … TO, and temporary views, tables and macros.
  CDUCK_POLICY_QUERIES = 0,
  CDUCK_POLICY_ALL = 1,
} cduck_policy;

// A connection for one caller. `session` goes to every lake callback made for it.
cduck_connection *CDUCK_NULLABLE cduck_connect(cduck_database *database, void *session, cduck_failure *failure);
void cduck_disconnect(cduck_connection *connection);
// From any thread: the running statement ends with an error of kind "INTERRUPT".
void cduck_interrupt(cduck_connection *connection);
// 0 to 100; -1 when not known.
double cduck_progress(cduck_connection *connection);

typedef struct cduck_counters {
  uint64_t bytes_read;
  uint64_t reads;
  uint64_t bytes_written;
  uint64_t files_opened;
} cduck_counters;
// What the connection's statements have asked of the lake so far.
void cduck_connection_counters(cduck_connection *connection, cduck_counters *counters);

// Parses, binds and plans exactly one statement.
cduck_pending *CDUCK_NULLABLE cduck_prepare(
  cduck_connection *connection, const char *sql, size_t count, cduck_policy policy,
  const cduck_value *CDUCK_NULLABLE parameters, size_t parameter_count, cduck_failure *failure);
void cduck_pending_free(cduck_pending *pending);

// What a statement takes and gives, without running it.
typedef struct cduck_description cduck_description;
cduck_description *CDUCK_NULLABLE cduck_describe(
  cduck_connection *connection, const char *sql, size_t count, cduck_failure *failure);
void cduck_description_free(cduck_description *description);
size_t cduck_description_column_count(const cduck_description *description);
const char *CDUCK_NULLABLE cduck_description_column_name(
  const cduck_description *description, size_t column, size_t *count);
const cduck_type *CDUCK_NULLABLE cduck_description_column_type(const cduck_description *description, size_t column);
// The number of `$1`, `$2`, …; the type of one, or NULL when nothing says it.
size_t cduck_description_parameter_count(const cduck_description *description);
const cduck_type *CDUCK_NULLABLE cduck_description_parameter_type(const cduck_description *description, size_t index);
int32_t cduck_description_statement(const cduck_description *description);

// Where a connection stands between BEGIN and COMMIT.
bool cduck_in_transaction(cduck_connection *connection);
// Ends the open transaction; false says that it failed. An interruption that came before is forgotten.
bool cduck_end_transaction(cduck_connection *connection, bool commits, cduck_failure *failure);

typedef enum cduck_entry {
  CDUCK_ENTRY_FAILED = -1,
  CDUCK_ENTRY_NONE = 0,
  CDUCK_ENTRY_TABLE = 1,
  CDUCK_ENTRY_VIEW = 2,
  CDUCK_ENTRY_SCHEMA = 3,
} cduck_entry;
// What a name stands for in the connection's transaction. An empty `name` asks for the schema.
cduck_entry cduck_lookup(
  cduck_connection *connection, const char *catalog, const char *schema, const char *name, cduck_failure *failure);
size_t cduck_pending_column_count(const cduck_pending *pending);
const char *CDUCK_NULLABLE cduck_pending_column_name(const cduck_pending *pending, size_t column, size_t *count);
const cduck_type *CDUCK_NULLABLE cduck_pending_column_type(const cduck_pending *pending, size_t column);
// DuckDB's StatementType.
int32_t cduck_pending_statement(const cduck_pending *pending);

// Runs the statement until its first rows are there. Blocks.
cduck_result *CDUCK_NULLABLE cduck_execute(cduck_pending *pending, cduck_failure *failure);
// The next rows, NULL at the end and on failure (then failure->message is set). Blocks.
cduck_chunk *CDUCK_NULLABLE cduck_fetch(cduck_result *result, cduck_failure *failure);
void cduck_result_free(cduck_result *result);

// --- functions --------------------------------------------------------------------------------------------------

// Computes `rows` values. Arguments are flat; the result is written by the cduck_output functions.
typedef bool (*cduck_scalar_body)(
  void *context, cduck_chunk *arguments, size_t rows, cduck_vector *result, cduck_text_sink explain, void *sink);

typedef struct cduck_scalar {
  const char *name;
  // SQL types, such as "VARCHAR" or "BIGINT[]".
  const char *CDUCK_NULLABLE const *CDUCK_NULLABLE argument_types;
  size_t argument_count;
  // The type of further arguments of any number, or NULL.
  const char *CDUCK_NULLABLE further_type;
  const char *return_type;
  // Called for rows with NULL arguments too; otherwise these give NULL by themselves.
  bool takes_nulls;
  // A new value at every call, as random() does.
  bool is_volatile;
  cduck_scalar_body body;
  void *context;
  void (*release)(void *context);
} cduck_scalar;

// Adds a function, or an overload of one. `context` is released when the database goes, or at once on failure.
bool cduck_register_scalar(cduck_database *database, const cduck_scalar *scalar, cduck_failure *failure);
void cduck_output_null(cduck_vector *vector, size_t row);
// VARCHAR and BLOB: the bytes are copied.
bool cduck_output_bytes(cduck_vector *vector, size_t row, const char *CDUCK_NULLABLE bytes, size_t count);
// LIST and MAP: makes room for `count` elements, which go into the vector returned from `offset` on.
cduck_vector *CDUCK_NULLABLE cduck_output_list(cduck_vector *vector, size_t row, size_t count, size_t *offset);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
