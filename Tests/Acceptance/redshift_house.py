"""A cluster for tests that speak to the warehouse through its endpoint."""

PASSWORD = "Passw0rd1"
USER = "awsuser"


class Cluster:
    """A cluster of one server: where it is reached, and how one logs in."""

    def __init__(self, server, name):
        self.client = server.client("redshift")
        self.name = name
        self.client.create_cluster(
            ClusterIdentifier=name,
            NodeType="ra3.xlplus",
            ClusterType="single-node",
            MasterUsername=USER,
            MasterUserPassword=PASSWORD,
            DBName="dev",
        )
        self.client.get_waiter("cluster_available").wait(
            ClusterIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        endpoint = self.client.describe_clusters(ClusterIdentifier=name)["Clusters"][0]["Endpoint"]
        self.host, self.port = endpoint["Address"], endpoint["Port"]

    @property
    def login(self):
        """Keyword arguments that most clients take."""
        return {"host": self.host, "port": self.port, "user": USER, "password": PASSWORD}

    def url(self, driver):
        return f"{driver}://{USER}:{PASSWORD}@{self.host}:{self.port}/dev"

    def delete(self):
        self.client.delete_cluster(ClusterIdentifier=self.name, SkipFinalClusterSnapshot=True)
