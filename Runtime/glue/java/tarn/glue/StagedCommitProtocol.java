package tarn.glue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol.TaskCommitMessage;
import org.apache.spark.internal.io.FileNameSpec;
import org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol;
import scala.Option;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Writes of a job that become visible all at once, or not at all.
 *
 * <p>Spark's own protocol renames files one after the other when a job commits; on S3 each rename is a copy, and a job
 * that is killed in between leaves half of its output for readers to find. This one has all tasks write below
 * {@code DESTINATION/_temporary-RUN-WRITE}, which readers pass over, and sends the server one commit with every move
 * and, for an overwrite, every deletion. A killed job leaves staged objects and nothing else; the server, which was
 * told where they are, removes them.
 *
 * <p>Executors only write staged files, so a cluster needs nothing but S3. Destinations that are not in S3, and drivers
 * without a control endpoint, have Spark's own protocol.
 */
public class StagedCommitProtocol extends SQLHadoopMapReduceCommitProtocol {
  private static final long serialVersionUID = 1L;
  private static final Set<String> SCHEMES = Set.of("s3", "s3a", "s3n");
  /** Above this an overwrite names its prefix instead of every object that goes. */
  private static final int DELETES_MAX = 10_000;
  private static final long PROGRESS_INTERVAL_NANOSECONDS = 1_000_000_000L;
  static final String DROP_EMPTY = "tarn.glue.dropEmpty";
  private static final String SUCCESS_MARK = "mapreduce.fileoutputcommitter.marksuccessfuljobs";
  private static final String SUCCESS = "_SUCCESS";

  private final String write;
  private final String destination;
  private final boolean isStaged;
  private final boolean overwritesPartitions;
  private final String staging;

  /** A task's files: (staged, final, partition's folder or ""). Filled where the task runs. */
  private transient List<String[]> files;

  /** What the commit is to delete; only on the driver. */
  private transient Set<String> cleared;

  private transient int tasksDone;
  private transient long toldAt;

  /** Spark makes one for each write, by these parameters. */
  public StagedCommitProtocol(String jobId, String path, boolean dynamicPartitionOverwrite) {
    super(jobId, path, dynamicPartitionOverwrite);
    write = jobId;
    destination = path == null ? null : path.replaceAll("/+$", "");
    String scheme = path == null ? null : new Path(path).toUri().getScheme();
    isStaged = scheme != null && SCHEMES.contains(scheme) && ControlEndpoint.isThere();
    overwritesPartitions = dynamicPartitionOverwrite;
    staging = destination + "/_temporary-" + run() + "-" + jobId;
  }

  private static String run() {
    String address = System.getenv("TARN_GLUE_CONTROL");
    return address == null ? "run" : address.replaceAll("/+$", "").replaceAll("^.*/", "");
  }

  @Override
  public void setupJob(JobContext context) {
    if (!isStaged) {
      super.setupJob(context);
      return;
    }
    tasksDone = 0;
    tellStaging();
  }

  /** Tells the server where it finds what this write leaves when the job is killed. */
  private void tellStaging() {
    ControlEndpoint.note(Map.of("stage", "write", "staging", address(staging) + "/"));
  }

  private void tell(String stage, boolean now) {
    if (!now && System.nanoTime() - toldAt < PROGRESS_INTERVAL_NANOSECONDS) {
      return;
    }
    toldAt = System.nanoTime();
    ControlEndpoint.progress(Map.of("stage", stage + " " + address(destination) + ", " + tasksDone + " tasks done"));
  }

  @Override
  public void setupTask(TaskAttemptContext context) {
    if (!isStaged) {
      super.setupTask(context);
      return;
    }
    files = new ArrayList<>();
  }

  @Override
  public String newTaskTempFile(TaskAttemptContext context, Option<String> dir, String ext) {
    return isStaged ? staged(context, dir, "", ext) : super.newTaskTempFile(context, dir, ext);
  }

  @Override
  public String newTaskTempFile(TaskAttemptContext context, Option<String> dir, FileNameSpec spec) {
    return isStaged ? staged(context, dir, spec.prefix(), spec.suffix()) : super.newTaskTempFile(context, dir, spec);
  }

  private String staged(TaskAttemptContext context, Option<String> dir, String prefix, String suffix) {
    String folder = dir.isDefined() ? "/" + dir.get() : "";
    String name = fileName(context, prefix, suffix);
    String place = staging + "/" + context.getTaskAttemptID() + folder + "/" + name;
    String partition = dir.isDefined() ? destination + folder : "";
    files.add(new String[] {place, destination + folder + "/" + name, partition});
    return place;
  }

  private String fileName(TaskAttemptContext context, String prefix, String suffix) {
    return String.format("%spart-%05d-%s%s", prefix, context.getTaskAttemptID().getTaskID().getId(), write, suffix);
  }

  @Override
  public String newTaskTempFileAbsPath(TaskAttemptContext context, String absoluteDir, String ext) {
    return isStaged ? stagedElsewhere(context, absoluteDir, "", ext)
        : super.newTaskTempFileAbsPath(context, absoluteDir, ext);
  }

  @Override
  public String newTaskTempFileAbsPath(TaskAttemptContext context, String absoluteDir, FileNameSpec spec) {
    return isStaged ? stagedElsewhere(context, absoluteDir, spec.prefix(), spec.suffix())
        : super.newTaskTempFileAbsPath(context, absoluteDir, spec);
  }

  /** A file of a partition whose folder the catalog puts elsewhere: it has a number of its own while it is staged. */
  private String stagedElsewhere(TaskAttemptContext context, String folder, String prefix, String suffix) {
    String name = fileName(context, prefix, suffix);
    String place = staging + "/" + context.getTaskAttemptID() + "/elsewhere-" + files.size() + "/" + name;
    files.add(new String[] {place, folder.replaceAll("/+$", "") + "/" + name, folder});
    return place;
  }

  @Override
  public TaskCommitMessage commitTask(TaskAttemptContext context) {
    if (!isStaged) {
      return super.commitTask(context);
    }
    return new TaskCommitMessage(files.toArray(new String[0][]));
  }

  @Override
  public void abortTask(TaskAttemptContext context) {
    if (!isStaged) {
      super.abortTask(context);
      return;
    }
    // Staged files of a task that failed are found and deleted at the job's end.
    files = new ArrayList<>();
  }

  @Override
  public void onTaskCommit(TaskCommitMessage message) {
    if (!isStaged) {
      super.onTaskCommit(message);
      return;
    }
    tasksDone++;
    tell("writing", false);
  }

  @Override
  public boolean deleteWithJob(FileSystem fs, Path path, boolean recursive) {
    if (!isStaged) {
      return super.deleteWithJob(fs, path, recursive);
    }
    if (cleared == null) {
      cleared = new LinkedHashSet<>();
    }
    cleared.add(path.toString());
    return true;
  }

  @Override
  public void commitJob(JobContext context, Seq<TaskCommitMessage> messages) {
    if (!isStaged) {
      super.commitJob(context, messages);
      return;
    }
    try {
      commitStaged(context.getConfiguration(), messages);
    } catch (IOException error) {
      throw new CommitFailed(error);
    }
  }

  private void commitStaged(Configuration configuration, Seq<TaskCommitMessage> messages) throws IOException {
    List<String[]> written = new ArrayList<>();
    for (TaskCommitMessage message : JavaConverters.seqAsJavaList(messages)) {
      written.addAll(Arrays.asList((String[][]) message.obj()));
    }
    Set<String> folders = new TreeSet<>();
    if (cleared != null) {
      folders.addAll(cleared);
    }
    if (overwritesPartitions) {
      written.forEach(file -> folders.add(file[2].isEmpty() ? destination : file[2]));
    }
    FileSystem files = new Path(destination).getFileSystem(configuration);
    if (configuration.getBoolean(DROP_EMPTY, false) && written.size() == 1
        && EmptyFile.isEmpty(written.get(0)[0], configuration)) {
      // Spark writes one file even of no rows, so that a reader knows the columns. Glue writes nothing then.
      written.clear();
    } else if (configuration.getBoolean(SUCCESS_MARK, true)) {
      String mark = staging + "/" + SUCCESS;
      files.create(new Path(mark)).close();
      written.add(new String[] {mark, destination + "/" + SUCCESS, ""});
    }
    List<Map<String, String>> moves = new ArrayList<>();
    Set<String> kept = new HashSet<>();
    for (String[] file : written) {
      moves.add(Map.of("from", address(file[0]), "to", address(file[1])));
      kept.add(address(file[0]));
      kept.add(address(file[1]));
    }
    Set<String> deletes = new LinkedHashSet<>(below(files, staging, false));
    List<String> prefixes = new ArrayList<>();
    for (String folder : folders) {
      List<String> old = below(files, folder, true);
      if (old.size() > DELETES_MAX) {
        prefixes.add(address(folder).replaceAll("/+$", "") + "/");
      } else {
        deletes.addAll(old);
      }
    }
    deletes.removeAll(kept);
    tell("committing", true);
    send(moves, deletes, prefixes);
  }

  private static void send(List<Map<String, String>> moves, Set<String> deletes, List<String> prefixes)
      throws IOException {
    if (moves.isEmpty() && deletes.isEmpty() && prefixes.isEmpty()) {
      return;
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("moves", moves);
    body.put("deletes", new ArrayList<>(deletes));
    body.put("deletePrefixes", prefixes);
    ControlEndpoint.commit(body);
  }

  /** The objects below a folder; of other writes' staged ones none, where {@code passesStaged}. */
  private static List<String> below(FileSystem files, String folder, boolean passesStaged) throws IOException {
    List<String> found = new ArrayList<>();
    try {
      RemoteIterator<LocatedFileStatus> all = files.listFiles(new Path(folder), true);
      while (all.hasNext()) {
        String path = all.next().getPath().toString();
        if (!passesStaged || !path.contains("/_temporary-")) {
          found.add(address(path));
        }
      }
    } catch (FileNotFoundException none) {
      // Nothing is there.
    }
    return found;
  }

  @Override
  public void abortJob(JobContext context) {
    if (!isStaged) {
      super.abortJob(context);
      return;
    }
    try {
      FileSystem files = new Path(destination).getFileSystem(context.getConfiguration());
      send(new ArrayList<>(), new LinkedHashSet<>(below(files, staging, false)), new ArrayList<>());
    } catch (IOException left) {
      // Staged objects stay until the server removes them; the failure that led here is the one to tell.
    }
  }

  /** {@code s3://bucket/key}, whatever Spark calls the scheme. */
  private static String address(String path) {
    return path.replaceFirst("^s3[an]?://", "s3://");
  }

  /** A commit that the server refused; its message is the server's. */
  static final class CommitFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CommitFailed(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
