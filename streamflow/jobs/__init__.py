"""The three Flink jobs, and the control of them: submit, list, stop, resume, wait until drained.

Only `entry`, `pipeline` and the modules of the jobs themselves import pyflink; control talks to the cluster over REST.
"""
