"""A source whose format is told after it is made."""


class DataSource:
    """What `GlueContext.getSource` gives."""

    def __init__(self, glue_context, connection_type, options, transformation_ctx="", push_down_predicate=""):
        self._context = glue_context
        self._type = connection_type
        self._options = options
        self._name = transformation_ctx
        self._predicate = push_down_predicate
        self._format, self._format_options = options.pop("format", None), {}

    def setFormat(self, format, **options):
        self._format, self._format_options = format, options
        return self

    def withFormat(self, format, **options):
        return self.setFormat(format, **options)

    def getFrame(self, minPartitions=None, targetPartitions=None):
        return self._context.create_dynamic_frame_from_options(
            self._type, self._options, self._format, self._format_options, self._name, self._predicate
        )

    getDynamicFrame = getFrame

    def getDataFrame(self):
        return self.getFrame().toDF()
