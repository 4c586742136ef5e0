use super::{Store, StoreError};
use crate::domain::{Class, ClassIndex, Classes};

impl Store {
    /// Keeps the classes of a new project.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_classes(&self, classes: &Classes) -> Result<(), StoreError> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO class (idx, wnid, name, gloss) VALUES (?1, ?2, ?3, ?4)")?;
        for class in classes.iter() {
            insert.execute((class.index.0, &class.wnid, &class.name, &class.gloss))?;
        }
        Ok(())
    }

    /// The classes of the project.
    ///
    /// # Errors
    /// There is none, they contradict each other, or SQLite refuses.
    pub fn classes(&self) -> Result<Classes, StoreError> {
        let list: Vec<Class> = self
            .connection
            .prepare_cached("SELECT idx, wnid, name, gloss FROM class ORDER BY idx")?
            .query_map([], |row| {
                Ok(Class {
                    index: ClassIndex(row.get(0)?),
                    wnid: row.get(1)?,
                    name: row.get(2)?,
                    gloss: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Classes::new(list).map_err(|error| StoreError::Damaged(error.to_string()))
    }

    /// Keeps the hypernym graph: (child, parent, rank) edges, names of its nodes, and headings in plain words.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_hierarchy<'a>(
        &self,
        edges: impl IntoIterator<Item = (&'a str, &'a str, u32)>,
        names: impl IntoIterator<Item = (&'a str, &'a str)>,
        headings: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), StoreError> {
        let mut edge = self
            .connection
            .prepare_cached("INSERT INTO hypernym (child, parent, rank) VALUES (?1, ?2, ?3)")?;
        for row in edges {
            edge.execute(row)?;
        }
        let mut name = self
            .connection
            .prepare_cached("INSERT INTO synset (node, name) VALUES (?1, ?2)")?;
        for row in names {
            name.execute(row)?;
        }
        let mut heading = self
            .connection
            .prepare_cached("INSERT INTO heading (node, title) VALUES (?1, ?2)")?;
        for row in headings {
            heading.execute(row)?;
        }
        Ok(())
    }

    /// The hypernym graph's edges as (child, parent, rank).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn hypernyms(&self) -> Result<Vec<(String, String, u32)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT child, parent, rank FROM hypernym")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?)
    }

    /// Names of the graph's nodes as (node, name).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn synsets(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.pairs("SELECT node, name FROM synset")
    }

    /// Headings as (node, title).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn headings(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.pairs("SELECT node, title FROM heading")
    }

    fn pairs(&self, sql: &str) -> Result<Vec<(String, String)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?)
    }
}
